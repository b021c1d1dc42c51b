// What the page around a player and the player say to each other: plain objects with `interleave: 1`, checked on both
// sides. Neither runs anything that the other sends.
//
//   player -> around it                          around it -> player
//   { is: "here" }  to whoever is there          { do: "look", theme, size, rtl }
//   { is: "ready", mode }                        { do: "run" }
//   { is: "run" }                                { do: "stop" }
//   { is: "finished", run }  as interleave:finished of the page says it
//   { is: "refused", sentence }
//   { is: "written", query }  what the player shows now, as links say it
//   { is: "height", px }
//   { is: "resting" }  another player runs, or the visitor closed it

const VERSION = 1;

export const say = (words) => ({ interleave: VERSION, ...words });

// What a message says, if it is one of ours from `source` of `origin`.
export function heard(event, source, origin) {
  if (event.source !== source || (origin !== undefined && event.origin !== origin)) return undefined;
  const { data } = event;
  return data !== null && typeof data === "object" && data.interleave === VERSION ? data : undefined;
}

// Where to post to somebody of this origin: an opaque one, as in a sandbox, has no name.
export const addressee = (origin) => (origin === "null" || origin === "" ? "*" : origin);
