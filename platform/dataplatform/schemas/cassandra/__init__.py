"""The wide-column schema in CQL, for Apache Cassandra and for Amazon Keyspaces."""
