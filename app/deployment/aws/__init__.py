"""CloudWatch, SNS and CloudWatch Logs, by boto3. Credentials come from AWS's standard chain only."""
