"""What programs that speak TLS share: an end of our own that sees each record opened (`records`, `keylog`, `watch`),
what it saw (`log`), what that means in our words (`events`), and the scripts that they are all asked by."""
