"""What is deployed, how it differs from what is generated, and the steps that bring the two together."""
