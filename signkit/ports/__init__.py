"""What the core needs from outside, as Protocols: each port with its data, its limits and the errors it may raise."""
