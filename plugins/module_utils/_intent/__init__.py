"""What is declared: networks, and the links that follow from them."""
