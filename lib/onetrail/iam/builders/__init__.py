"""One module for each kind of document; `onetrail.iam.build` is the way in."""
