// The clock that every event is stamped with. A browser calls a bound function of its own straight from WebAssembly,
// which takes half the time that a function around it would (docs/ARCHITECTURE.md).
export const now = performance.now.bind(performance);

// A function, so that nobody keeps what it says: an instance may go on in another worker than it began in.
export const origin = () => performance.timeOrigin;
