"""What a capability is: its call, its request and reply, the values in them, and the tool that makes it."""
