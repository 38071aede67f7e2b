"""moto behind the door, and the corrections where moto answers differently from AWS."""
