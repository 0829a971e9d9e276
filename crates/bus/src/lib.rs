//! Wake-up hints between nodes. Hints only: truth is read from the store.
