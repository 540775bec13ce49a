"""What every module of `families` is made of: records, job plans, and the answers that most families share."""
