"""One module for each kind of document; import them from `onetrail.iam.build`."""
