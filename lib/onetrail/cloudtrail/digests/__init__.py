"""What proves that CloudTrail delivered a log and nobody changed it: digest files, their signatures and chains;
pure."""
