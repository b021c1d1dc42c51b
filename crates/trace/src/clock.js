// The clock that every event is stamped with. A browser calls a bound function of its own straight from WebAssembly,
// which takes half the time that a function around it would (docs/ARCHITECTURE.md).
export const now = performance.now.bind(performance);
