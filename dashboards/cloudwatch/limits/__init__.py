"""CloudWatch's documented limits on dashboard bodies, checked offline and reported as AWS reports them."""
