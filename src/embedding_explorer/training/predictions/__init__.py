"""What trained networks say of pictures, written as the JSON that the API answers with. For a process that holds torch."""
