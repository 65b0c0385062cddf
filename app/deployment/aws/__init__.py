"""CloudWatch, SNS and CloudWatch Logs. Credentials come from AWS's standard chain only."""
