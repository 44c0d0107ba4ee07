"""Networks that users register: what a request must bring, the folder and the row of each, and looking them up."""
