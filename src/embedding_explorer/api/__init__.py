"""HTTP only: parse a request, call one function of the rooms below, render the answer."""
