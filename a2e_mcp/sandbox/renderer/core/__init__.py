"""What every renderer works with: pictures, the SANDBOX mark, files of strangers, the render itself."""
