//! The catalogue: every workload and program with what a visitor can say about it.
//!
//! A workload is written as steps and runs in every model. A program is written for one model, as one would write it
//! there, with that model's own primitives; the lessons show its source.

use crate::spec::{Field, Model};

/// What limits a workload, or that it is a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Computing: more processors help.
    Cpu,
    /// Waiting: more things under way at once help.
    Io,
    /// Both, as in a server.
    Mixed,
    /// Something goes wrong on purpose.
    Accident,
    /// Written for one model, with primitives of its own.
    Program,
    /// A Python program that the visitor writes.
    Python,
    /// A program that only tests run.
    Proof,
}

impl Kind {
    /// All that a visitor sees, in the order of the catalogue.
    pub const ALL: [Kind; 6] = [Kind::Python, Kind::Cpu, Kind::Io, Kind::Mixed, Kind::Accident, Kind::Program];

    /// The heading of its group in the catalogue.
    pub const fn title(self) -> &'static str {
        match self {
            Kind::Cpu => "CPU-bound",
            Kind::Io => "I/O-bound",
            Kind::Mixed => "CPU and I/O",
            Kind::Accident => "What goes wrong",
            Kind::Program => "Programs",
            Kind::Python => "Python",
            Kind::Proof => "Proofs",
        }
    }
}

/// A number that a visitor can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knob {
    /// What it is called beside its control.
    pub label: &'static str,
    /// The unit, in the plural.
    pub unit: &'static str,
    /// The least value allowed.
    pub min: u32,
    /// The greatest value allowed.
    pub max: u32,
    /// The value to begin with.
    pub default: u32,
}

const fn knob(label: &'static str, unit: &'static str, min: u32, max: u32, default: u32) -> Knob {
    Knob { label, unit, min, max, default }
}

/// What the catalogue says about a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its name in links and on the command line.
    pub id: &'static str,
    /// Its name on the page.
    pub title: &'static str,
    /// What limits it.
    pub kind: Kind,
    /// What it does and what to look for, in a sentence or two.
    pub text: &'static str,
    /// The one model that it runs in, if it is a program.
    pub only: Option<Model>,
    /// How much there is to do.
    pub size: Option<Knob>,
    /// Into how many tasks it is cut; of a program, on how many lanes it is done.
    pub tasks: Option<Knob>,
    /// How long each wait for the outside takes, where it has such waits.
    pub latency: Option<Knob>,
    /// How often something arrives, where something does.
    pub rate: Option<Knob>,
    /// Whether its result is a picture, `size` pixels wide and high.
    pub picture: bool,
    /// Whether its result is times or amounts of memory, which mean nothing where only steps count.
    pub measures: bool,
    /// Whether its processes, if it has some, do with messages where they share no memory, or say themselves what they
    /// lack.
    pub by_messages: bool,
}

impl Info {
    /// Whether its threads can take part in a GIL.
    pub fn can_have_gil(&self) -> bool {
        match self.kind {
            Kind::Cpu | Kind::Io | Kind::Mixed | Kind::Python => true,
            Kind::Accident | Kind::Proof => false,
            Kind::Program => self.only == Some(Model::Threads),
        }
    }

    /// Whether it can run one lane at a time, switching as a seed says: all that its lanes share is behind primitives and
    /// checkpoints, and what it tells is no measurement.
    pub fn can_be_seeded(&self) -> bool {
        self.only.is_some() && !self.measures
    }

    /// The knob behind a field, if the workload has it. Workers are the machine's, not the workload's.
    pub fn knob(&self, field: Field) -> Option<Knob> {
        match field {
            Field::Size => self.size,
            Field::Tasks => self.tasks,
            Field::Latency => self.latency,
            Field::Rate => self.rate,
            _ => None,
        }
    }
}

macro_rules! workloads {
    ($($(#[$doc:meta])* $name:ident $info:expr;)*) => {
        /// Something to run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum Workload { $($(#[$doc])* $name),* }

        impl Workload {
            /// All of them, in the order of the catalogue.
            pub const ALL: &[Workload] = &[$(Workload::$name),*];

            /// What the catalogue says about it.
            pub const fn info(self) -> &'static Info {
                match self { $(Workload::$name => const { &$info }),* }
            }
        }
    };
}

const TASKS: Knob = knob("Tasks", "tasks", 1, 4096, 16);

const fn cpu(id: &'static str, title: &'static str, text: &'static str, size: Knob) -> Info {
    Info {
        id,
        title,
        kind: Kind::Cpu,
        text,
        only: None,
        size: Some(size),
        tasks: Some(TASKS),
        latency: None,
        rate: None,
        picture: false,
        measures: false,
        by_messages: false,
    }
}

const fn accident(id: &'static str, title: &'static str, text: &'static str) -> Info {
    Info {
        kind: Kind::Accident,
        tasks: Some(knob("Tasks", "tasks", 1, 64, 4)),
        ..cpu(id, title, text, knob("Work before it", "thousand steps", 1, 1_000_000, 20_000))
    }
}

/// A program without knobs.
const fn program(only: Model, id: &'static str, title: &'static str, text: &'static str) -> Info {
    Info {
        id,
        title,
        kind: Kind::Program,
        text,
        only: Some(only),
        size: None,
        tasks: None,
        latency: None,
        rate: None,
        picture: false,
        measures: false,
        by_messages: false,
    }
}

workloads! {
    /// Trial division over a range of numbers.
    Primes cpu(
        "primes", "Count primes",
        "Counts the primes below a number by trial division. Later numbers cost more, so equal shares are not equal work: compare static with dynamic chunking.",
        knob("Numbers", "numbers", 1_000, 50_000_000, 3_000_000),
    );
    /// The escape times of a square of the complex plane.
    Mandelbrot Info { picture: true, ..cpu(
        "mandelbrot", "Mandelbrot",
        "Draws the Mandelbrot set in bands of rows. Rows through the middle cost most; watch which lane gets them.",
        knob("Picture edge", "pixels", 16, 4096, 1_024),
    ) };
    /// The product of two square matrices of 32-bit floats.
    Matmul cpu(
        "matmul", "Matrix multiplication",
        "Multiplies two square matrices. Threads share them; processes must be sent their rows, and the messages show it.",
        knob("Matrix edge", "rows", 16, 16_384, 1_536),
    );
    /// Points in a square that fall into its circle.
    Pi cpu(
        "pi", "Monte-Carlo pi",
        "Throws random points at a square and counts those inside the circle. Every task is alike and shares nothing: the best case for more processors.",
        knob("Points", "thousand points", 1, 4_000_000, 400_000),
    );
    /// A Gaussian blur of a generated picture.
    Blur Info { picture: true, ..cpu(
        "blur", "Gaussian blur",
        "Blurs a generated picture in bands of rows. Each band needs some rows of its neighbours: free to read for threads, copied for processes.",
        knob("Picture edge", "pixels", 16, 4096, 2_048),
    ) };
    /// How often each word occurs in a generated text.
    Words cpu(
        "words", "Word count",
        "Counts the words of a generated text: every task counts its part (map), then the counts are added up (reduce).",
        knob("Words", "thousand words", 1, 20_000, 4_000),
    );
    /// Waits of a set length.
    Timers Info {
        kind: Kind::Io,
        tasks: Some(knob("Tasks", "tasks", 1, 4096, 8)),
        ..cpu(
            "timers", "Timers",
            "Every task sleeps for a while, as if it waited for a server. One after another the waits add up; side by side they overlap, on a single thread too.",
            knob("Each sleeps", "ms", 1, 10_000, 100),
        )
    };
    /// Downloads of the site's own files.
    Downloads Info {
        kind: Kind::Io,
        tasks: Some(knob("Tasks", "tasks", 1, 64, 8)),
        latency: Some(knob("Added latency", "ms", 0, 5_000, 100)),
        ..cpu(
            "downloads", "Downloads",
            "Downloads files of this very site. The service worker can add latency, so that waiting shows on a fast line too.",
            knob("Files", "files", 1, 256, 16),
        )
    };
    /// Requests that arrive at a rate, each with computing and waiting.
    Requests Info {
        kind: Kind::Mixed,
        tasks: Some(knob("Requests", "requests", 1, 1_024, 24)),
        latency: Some(knob("I/O part", "ms", 0, 5_000, 40)),
        rate: Some(knob("Arrival rate", "requests/s", 1, 10_000, 200)),
        ..cpu(
            "requests", "A server's requests",
            "Requests arrive at a steady rate; each computes, waits as if for a database, and computes again. Where they queue depends on the model.",
            knob("CPU part", "thousand steps", 1, 100_000, 2_000),
        )
    };
    /// A task that panics.
    Panic accident("panic", "A panic", "One task panics in the middle of the run. See what becomes of the lane, of its neighbours and of the run.");
    /// A task that executes an illegal instruction.
    Trap accident("trap", "A trap", "One task executes WebAssembly's unreachable instruction, which no handler can catch from inside.");
    /// A task that wants all the memory.
    Memory accident("memory", "Memory runs out", "One task asks for memory until the instance has no more to give.");
    /// A task that never ends.
    Endless accident("endless", "A loop that never ends", "One task never returns and never yields. Only Stop ends it.");
    /// Threads that are started and joined.
    StartJoin Info {
        tasks: Some(knob("Threads", "threads", 1, 16, 3)),
        latency: Some(knob("Errand", "ms", 0, 5_000, 150)),
        ..program(Model::Threads, "start-join", "Starting and joining threads", "Threads are started, run an errand each, and are waited for.")
    };
    /// Two threads that print at the same time.
    InterleavedOutput Info {
        size: Some(knob("Lines each", "lines", 1, 200, 10)),
        latency: Some(knob("Pause", "ms", 0, 1_000, 12)),
        ..program(Model::Threads, "interleaved-output", "Output of two threads", "One thread prints numbers and one prints letters, with a short pause before each line.")
    };
    /// Coroutines that wait together.
    Coroutines Info {
        tasks: Some(knob("Coroutines", "coroutines", 1, 2_000, 3)),
        latency: Some(knob("Errand", "ms", 0, 5_000, 150)),
        ..program(Model::Tasks, "coroutines", "Coroutines, gathered", "Coroutines run an errand each on one thread, and are gathered.")
    };
    /// One that computes while others tick.
    BlockedLoop Info {
        size: Some(knob("Computing", "ms", 0, 5_000, 160)),
        tasks: Some(knob("In pieces", "pieces", 1, 1_000, 1)),
        latency: Some(knob("A tick every", "ms", 1, 1_000, 20)),
        ..program(Model::Tasks, "blocked-loop", "An event loop, blocked", "Three coroutines tick, and a fourth computes without letting go.")
    };
    /// Processes that are started and joined.
    Processes Info {
        size: Some(knob("Base", "as base", 1, 50, 10)),
        tasks: Some(knob("Processes", "processes", 1, 8, 2)),
        by_messages: true,
        ..program(Model::Processes, "processes", "Starting and joining processes", "Processes compute the square, the cube and so on of a number, and send what they found.")
    };
    /// A message to and fro between two processes.
    PingPong Info {
        size: Some(knob("Round trips", "round trips", 1, 5_000, 200)),
        by_messages: true,
        ..program(Model::Processes, "ping-pong", "Ping-pong through a pipe", "A message goes to another process and comes back.")
    };
    /// A shared number and a shared list.
    ValueArray Info {
        size: Some(knob("Additions each", "additions", 1, 5_000, 200)),
        tasks: Some(knob("Processes", "processes", 1, 8, 2)),
        ..program(Model::Processes, "value-array", "A shared value and array", "Processes add to one shared number and count in a shared list.")
    };
    /// A dict in a process of its own.
    Manager Info {
        tasks: Some(knob("Writers", "processes", 1, 8, 2)),
        ..program(Model::Processes, "manager", "A manager’s dict", "Processes fill a dict that lives in a process of its own.")
    };
    /// One function over many arguments, by a pool of processes.
    PoolMap Info {
        size: Some(knob("Arguments", "arguments", 1, 2_000, 48)),
        tasks: Some(knob("Processes", "processes", 1, 8, 2)),
        by_messages: true,
        ..program(Model::Processes, "pool-map", "A pool’s map", "A pool of processes maps one function over many arguments.")
    };
    /// What a thread, a process and a task weigh.
    Weights Info {
        size: Some(knob("Tasks", "tasks", 100, 2_000, 2_000)),
        tasks: Some(knob("Threads, processes", "of each", 1, 16, 3)),
        measures: true,
        ..program(Model::Processes, "weights", "What lanes weigh", "Measures how much memory a thread, a process and a task take.")
    };
    /// How long it takes to start a thread, a process and a task.
    SpawnCost Info {
        size: Some(knob("Tasks", "tasks", 10, 2_000, 1_000)),
        tasks: Some(knob("Threads, processes", "of each", 1, 64, 8)),
        measures: true,
        ..program(Model::Processes, "spawn-cost", "What starting costs", "Measures how long it takes to start a thread, a process and a task.")
    };
    /// Threads that add to one counter without a lock.
    Race Info {
        size: Some(knob("Additions each", "additions", 1, 10_000_000, 1_000_000)),
        tasks: Some(knob("Threads", "threads", 1, 8, 2)),
        ..program(
            Model::Threads, "race", "A race on a counter",
            "Threads add one to the same counter: read it, add, write it back. Who writes back an old sum wipes out what others added meanwhile.",
        )
    };
    /// The same with a lock.
    Lock Info {
        size: Some(knob("Additions each", "additions", 1, 100_000, 300)),
        tasks: Some(knob("Threads", "threads", 1, 8, 2)),
        ..program(Model::Threads, "lock", "A counter with a lock", "Threads add one to the same counter, and who adds has the lock.")
    };
    /// A lock that its holder takes again.
    RLock Info {
        size: Some(knob("Height", "branches", 1, 50, 4)),
        tasks: Some(knob("Threads", "threads", 1, 8, 2)),
        ..program(Model::Threads, "rlock", "A lock taken again", "A function takes a lock and calls itself while it has it.")
    };
    /// A limit on how many may go on at a time.
    Semaphore Info {
        size: Some(knob("Permits", "permits", 1, 32, 2)),
        tasks: Some(knob("Clients", "threads", 1, 32, 6)),
        latency: Some(knob("Each takes", "ms", 0, 2_000, 60)),
        ..program(Model::Threads, "semaphore", "A semaphore as a limit", "Many threads want to download, and only so many may at a time.")
    };
    /// An event that starts all who wait for it.
    StartGun Info {
        tasks: Some(knob("Runners", "threads", 1, 32, 5)),
        latency: Some(knob("Shot after", "ms", 0, 5_000, 120)),
        ..program(Model::Threads, "start-gun", "An event as a starting gun", "Runners wait for one event, and all go on when it is set.")
    };
    /// Waiting until something holds.
    Condition Info {
        size: Some(knob("Each payment", "coins", 10, 1_000, 75)),
        tasks: Some(knob("Customers", "threads", 1, 16, 3)),
        latency: Some(knob("Between payments", "ms", 0, 1_000, 15)),
        ..program(Model::Threads, "condition", "Waiting for a condition", "Customers wait until there is enough on an account for them.")
    };
    /// Rounds that all finish before any goes on.
    Barrier Info {
        size: Some(knob("Rounds", "rounds", 1, 50, 4)),
        tasks: Some(knob("Workers", "threads", 1, 16, 3)),
        latency: Some(knob("Least work", "ms", 0, 500, 15)),
        ..program(Model::Threads, "barrier", "Rounds with a barrier", "Nobody begins a round before all have finished the one before.")
    };
    /// A queue between who makes and who uses.
    ProducerConsumer Info {
        size: Some(knob("Items", "items", 1, 500, 12)),
        tasks: Some(knob("Consumers", "threads", 1, 16, 2)),
        latency: Some(knob("Using one takes", "ms", 0, 1_000, 25)),
        ..program(Model::Threads, "producer-consumer", "Producer and consumer", "One thread makes items, others use them, and a short queue is between them.")
    };
    /// Two locks, taken in opposite order.
    TwoLocks Info {
        size: Some(knob("Transfers each", "transfers", 1, 1_000, 1)),
        latency: Some(knob("Between the locks", "ms", 0, 1_000, 30)),
        ..program(Model::Threads, "two-locks", "Two locks, opposite order", "One thread takes A and then B, the other B and then A.")
    };
    /// Two locks, taken in the same order.
    TwoLocksOrdered Info {
        size: Some(knob("Transfers each", "transfers", 1, 1_000, 3)),
        latency: Some(knob("Between the locks", "ms", 0, 1_000, 30)),
        ..program(Model::Threads, "two-locks-ordered", "Two locks, one order", "Both threads take A and then B.")
    };
    /// Philosophers who take the left fork first.
    Philosophers Info {
        size: Some(knob("Meals each", "meals", 1, 100, 3)),
        tasks: Some(knob("Philosophers", "threads", 2, 16, 5)),
        latency: Some(knob("A moment", "ms", 0, 500, 20)),
        ..program(Model::Threads, "philosophers", "Dining philosophers", "Each philosopher takes the left fork, then the right one.")
    };
    /// Philosophers who take the lower fork first.
    PhilosophersMended Info {
        size: Some(knob("Meals each", "meals", 1, 100, 3)),
        tasks: Some(knob("Philosophers", "threads", 2, 16, 5)),
        latency: Some(knob("A moment", "ms", 0, 500, 20)),
        ..program(Model::Threads, "philosophers-mended", "Dining philosophers, mended", "Each philosopher takes the fork with the lower number first.")
    };
    /// A lock that one thread hardly ever lets go.
    Convoy Info {
        size: Some(knob("Greedy’s turns", "turns", 1, 200, 12)),
        tasks: Some(knob("Others", "threads", 1, 16, 3)),
        latency: Some(knob("Greedy keeps it", "ms", 1, 500, 25)),
        ..program(Model::Threads, "convoy", "Starvation and lock convoy", "One thread keeps a lock long and takes it again at once; the others need it for a moment.")
    };
    /// A less important thread that holds up a more important one.
    PriorityInversion Info {
        size: Some(knob("Medium’s work", "slices of 4 ms", 0, 200, 25)),
        ..program(Model::Threads, "priority-inversion", "Priority inversion", "The most important thread waits for a lock of the least important, which a third keeps from running.")
    };
    /// A wake-up before anybody sleeps.
    LostWakeup Info {
        latency: Some(knob("Hesitation", "ms", 0, 1_000, 40)),
        ..program(Model::Threads, "lost-wakeup", "A lost wake-up", "A thread looks, then falls asleep, and the bell rings in between.")
    };
    /// What goes wrong between coroutines.
    TroubledCoroutines Info {
        size: Some(knob("Accident", "as its number", 0, 2, 0)),
        ..program(
            Model::Tasks, "troubled-coroutines", "Coroutines in trouble",
            "One of three accidents: 0 is a lost update, 1 two locks in opposite order, 2 a coroutine and a thread that wait for each other.",
        )
    };
    /// What goes wrong between processes.
    TroubledProcesses Info {
        size: Some(knob("Accident", "as its number", 0, 3, 0)),
        ..program(
            Model::Processes, "troubled-processes", "Processes in trouble",
            "One of four accidents: 0 is a lost update, 1 two locks in opposite order, 2 an item that nobody puts, 3 ends by force.",
        )
    };
    /// The rules that the runtime's tests state, one a run, in a browser.
    Rules Info { kind: Kind::Proof, measures: true, by_messages: true, size: Some(knob("Rule", "", 0, 9_999, 0)), ..program(
        Model::Processes, "rules", "Rules", "",
    ) };
    /// Whatever the visitor writes. Its text goes beside what is said here: in the link, and to the worker.
    Python Info { kind: Kind::Python, ..program(
        Model::Threads, "python", "Python program",
        "Runs the Python program of the tab Python: its threads are lanes, its locks and queues what they wait for.",
    ) };
}

impl Workload {
    /// The one with that name in links.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|workload| workload.info().id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_begins_within_its_range() {
        for info in Workload::ALL.iter().map(|workload| workload.info()) {
            for knob in [info.size, info.tasks, info.latency, info.rate].into_iter().flatten() {
                assert!((knob.min..=knob.max).contains(&knob.default), "{}: {knob:?}", info.id);
            }
        }
    }

    #[test]
    fn a_workload_is_found_by_its_name_in_links() {
        for &workload in Workload::ALL {
            assert_eq!(Workload::from_id(workload.info().id), Some(workload));
        }
        assert_eq!(Workload::from_id("Primes"), None);
    }

    #[test]
    fn programs_and_only_they_belong_to_one_model() {
        for info in Workload::ALL.iter().map(|workload| workload.info()) {
            let is_program = matches!(info.kind, Kind::Program | Kind::Python | Kind::Proof);
            assert_eq!(info.only.is_some(), is_program, "{}", info.id);
        }
    }
}
