// A library that clients name as a dependency, and of which they use nothing at load.
