// Reads saved runs: a second reading of the format that crates/trace writes, independent of the first.
//
//  "INTERLVE" | version u32 | length of the text u32 | text | slots of eight little-endian u32

const KINDS = ['page', 'thread', 'process', 'task'];
const STATES = ['starting', 'running', 'ready', 'waiting', 'sleeping', 'io'];
const OUTCOMES = ['completed', 'failed', 'cancelled', 'stopped', 'killed'];
const [NAME, LOST, SPAWNED, STARTED, ENTERED] = [1, 2, 3, 4, 5];
const [SENT, RECEIVED, NOTED, MARKED, ENDED] = [8, 9, 11, 13, 15];
const NONE = 0xffff_ffff;
/// Within the id of a lane: how many bits count the lanes of an instance.
const LANE_BITS = 20;

/// The lanes of a saved run with their spans, in nanoseconds from its first event.
export function read(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder();
  if (text.decode(bytes.subarray(0, 8)) !== 'INTERLVE') throw new Error('this is not a saved run');
  const length = view.getUint32(12, true);
  const run = {
    version: view.getUint32(8, true),
    about: new URLSearchParams(text.decode(bytes.subarray(16, 16 + length))),
    lost: 0,
    notes: [],
    marks: {},
    messages: { sent: 0, received: 0 },
    lanes: [],
  };
  const start = 16 + length;
  if ((bytes.byteLength - start) % 32 !== 0) throw new Error('a slot is cut off');

  const names = new Map();
  const events = [];
  for (let at = start; at < bytes.byteLength; at += 32) {
    const word = (n) => view.getUint32(at + 4 * n, true);
    const tag = word(2) & 0xff;
    if (tag === NAME) {
      names.set(word(3), text.decode(bytes.subarray(at + 32, at + 32 + word(0))));
      at += 32 * Math.ceil(word(0) / 32);
    } else if (tag === LOST) {
      run.lost += word(0);
    } else {
      const time = word(0) + word(1) * 2 ** 32;
      events.push({ time, tag, detail: (word(2) >> 8) & 0xff, lane: word(3), a: word(4), b: word(5), c: word(6), d: word(7) });
    }
  }
  // Rings are read one after the other; within a lane the order is that of the time.
  events.sort((one, other) => one.time - other.time);
  const zero = events[0]?.time ?? 0;

  const lanes = new Map();
  const lane = (id) => {
    if (!lanes.has(id)) lanes.set(id, { id, spans: [], kind: null, name: '', parent: null });
    return lanes.get(id);
  };
  const close = (of, time) => {
    const last = of.spans.at(-1);
    if (last && last.end === null) last.end = time;
  };
  for (const event of events) {
    const time = event.time - zero;
    const of = lane(event.lane);
    switch (event.tag) {
      case SPAWNED:
        of.kind = KINDS[event.detail];
        of.name = `${names.get(event.c) ?? ''}${event.b === NONE ? '' : ` ${event.b}`}`;
        of.parent = event.a === NONE ? null : event.a;
        break;
      case ENTERED:
        close(of, time);
        of.spans.push({ state: STATES[event.detail], name: names.get(event.a) ?? '', number: event.b, start: time, end: null });
        break;
      case ENDED:
        close(of, time);
        of.outcome = OUTCOMES[event.detail];
        break;
      case MARKED:
        run.marks[event.detail === 0 ? 'started' : 'finished'] = time;
        break;
      case NOTED:
        run.notes.push({ time, lane: event.lane, text: names.get(event.a) ?? '' });
        break;
      case SENT:
        run.messages.sent += 1;
        break;
      case RECEIVED:
        run.messages.received += 1;
        break;
      case STARTED:
      default:
    }
  }
  run.lanes = [...lanes.values()];
  return run;
}

/// A run in the Trace Event Format, which chrome://tracing and Perfetto read: an instance is a process there, a lane a
/// thread, a span a complete event with its state as its category. Times are in microseconds.
export function toTraceEvents(run) {
  const at = (id) => ({ pid: id >>> LANE_BITS, tid: id & ((1 << LANE_BITS) - 1) });
  const events = [];
  for (const { id, name, spans } of run.lanes) {
    events.push({ ph: 'M', name: 'thread_name', ...at(id), args: { name } });
    for (const { state, name, number, start, end } of spans) {
      const title = `${name}${number === NONE ? '' : ` ${number}`}`;
      events.push({ ph: 'X', name: title || state, cat: state, ts: start / 1e3, dur: ((end ?? start) - start) / 1e3, ...at(id) });
    }
  }
  for (const { time, lane, text } of run.notes) {
    events.push({ ph: 'i', s: 't', name: text, cat: 'output', ts: time / 1e3, ...at(lane) });
  }
  return { traceEvents: events, displayTimeUnit: 'ms' };
}

/// For how long two lanes of a run executed at the same time: the longest of any pair, in milliseconds.
export function overlapMs(run) {
  const running = run.lanes
    .map((lane) => ({ name: lane.name, spans: lane.spans.filter((span) => span.state === 'running' && span.end !== null) }))
    .filter((lane) => lane.spans.length > 0);
  let longest = { ms: 0, lanes: [] };
  for (const [at, one] of running.entries()) {
    for (const other of running.slice(at + 1)) {
      let ns = 0;
      for (const a of one.spans) {
        for (const b of other.spans) ns += Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
      }
      if (ns / 1e6 > longest.ms) longest = { ms: ns / 1e6, lanes: [one.name, other.name] };
    }
  }
  return longest;
}
