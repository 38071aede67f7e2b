"""One module a notebook: observe, propose, apply, check. Steps return values; showing them is for `onetrail.show`."""
