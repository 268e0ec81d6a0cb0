"""What a person can do, one file each: values in, a value out. No Typer, no printing."""
