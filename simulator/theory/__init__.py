"""The desk against theory: textbook queues as desks, played by the same engine, beside their exact results."""
