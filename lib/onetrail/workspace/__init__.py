"""A folder to work in: the notebooks and parameters files of one version, laid out by `onetrail init`."""
