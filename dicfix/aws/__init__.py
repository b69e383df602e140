"""The only place that imports boto3: sessions with their guards, and the calls that the guide's steps need."""
