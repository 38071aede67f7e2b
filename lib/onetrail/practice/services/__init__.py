"""What answers or looks first where moto would lie, by service; and who may call a service."""
