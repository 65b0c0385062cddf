"""AWS's clients, made in one way, and their errors in our words.

``boto3`` is imported when the first client is made, by ``foundation.aws.boto`` alone: whoever uses a client
needs ``AwsError``, whoever says how a client waits needs ``Purpose``, and neither brings it along.
"""
