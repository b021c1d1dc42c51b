/** What an example can do where it is; see the README. */
export type Mode = "live with threads" | "live without threads";

/** A line that a run wrote. */
export interface Line {
  /** When, in milliseconds since the run began. */
  ms: number;
  /** The lane that wrote it. */
  lane: string;
  text: string;
}

/** What came of a run, measured in the reader's browser. Times are in milliseconds (`_ms`) or nanoseconds (`_ns`). */
export interface Finished {
  outcome: "finished" | "stopped" | "deadlocked" | "failed";
  /** Whether the result was checked and is right. */
  checked: boolean;
  summary: string | null;
  error: string | null;
  wall_ms: number | null;
  output: Line[];
  /** The report's other figures, as the page has them. */
  [figure: string]: unknown;
}

export interface InterleaveRunEventMap {
  /** The player is there. */
  ready: CustomEvent<{ mode: Mode }>;
  /** A run began. */
  run: CustomEvent<null>;
  /** A run ended. */
  finished: CustomEvent<Finished>;
  /** Nothing can run here, and why, in a sentence. */
  error: CustomEvent<{ message: string }>;
}

/** `<interleave-run>`: an example in a post. */
export class InterleaveRun extends HTMLElement {
  /** Loads the player, unless it is there, and runs. */
  run(): Promise<void>;
  /** Ends the run. */
  stop(): void;
  /** Takes the player away, with its workers; what it measured last stays to be seen. */
  rest(): void;
  addEventListener<Name extends keyof InterleaveRunEventMap>(
    name: Name,
    listener: (event: InterleaveRunEventMap[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(name: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

/** Defines the element. `player` is the address of the folder that the site is in. */
export function define(options: { player: string; name?: string }): void;

/** Puts Run on code blocks that are there already; `blocks` is a selector. */
export function upgrade(blocks?: string): void;

declare global {
  interface HTMLElementTagNameMap {
    "interleave-run": InterleaveRun;
  }
}
