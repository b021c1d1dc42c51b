//! The lessons: one idea each, with a run that shows it, a short text that says where to look, and a question that the
//! visitor answers by running.
//!
//! A lesson is text over something of the catalogue. What it runs is given as a link's query, so a lesson can ask for
//! whatever a visitor can.

use crate::catalogue::Workload;
use crate::spec::{Model, RunSpec};

macro_rules! chapters {
    ($($name:ident = $title:literal),* $(,)?) => {
        /// Lessons that belong together, in the order in which they build on each other.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Chapter { $(#[doc = $title] $name),* }

        impl Chapter {
            /// All of them, in their order.
            pub const ALL: &[Chapter] = &[$(Chapter::$name),*];

            /// Its heading.
            pub const fn title(self) -> &'static str {
                match self { $(Chapter::$name => $title),* }
            }
        }
    };
}

chapters! {
    Lanes = "Threads, processes, tasks",
    Limits = "What limits the work",
    Sharing = "Sharing memory",
    Talking = "Processes that talk",
    Accidents = "When it goes wrong",
    Costs = "What it costs",
}

/// Which choice of a question is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Always this one, counted from zero.
    Choice(usize),
    /// The model that was fastest in the visitor's own comparison. The choices are [`Model::ALL`].
    Fastest,
}

/// Which of the visitor's own runs answer a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The last one.
    OneRun,
    /// The last ones, at least two: they may differ.
    SeveralRuns,
    /// One in each model.
    Models,
    /// One with a GIL and one without.
    Gil,
    /// The last one of this lesson and the last one of that program.
    And(Workload),
}

/// Something to answer by running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub ask: &'static str,
    /// What may be answered.
    pub choices: &'static [&'static str],
    /// What is right.
    pub right: Right,
    /// Why, in a sentence or two.
    pub why: &'static str,
    /// Which runs show it.
    pub evidence: Evidence,
}

/// How a lesson is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By Run.
    Run,
    /// By Compare.
    Compare,
    /// By comparing what computes, what waits and what does both.
    Survey,
}

/// One idea.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Its name in links and on the command line.
    pub id: &'static str,
    /// Its name on the page.
    pub title: &'static str,
    /// Where it belongs.
    pub chapter: Chapter,
    /// What it is about and where to look.
    pub text: &'static str,
    /// What to find out.
    pub question: Question,
    /// What it runs, as a link's query.
    pub preset: &'static str,
    /// How.
    pub way: Way,
}

/// The most words of a lesson's text.
pub const MOST_WORDS: usize = 120;

impl Lesson {
    /// All of them, in the order in which they teach.
    pub const ALL: &'static [Lesson] = LESSONS;

    /// The one with that name in links.
    pub fn from_id(id: &str) -> Option<&'static Lesson> {
        LESSONS.iter().find(|lesson| lesson.id == id)
    }

    /// What it runs, on a machine of so many cores.
    pub fn spec(&self, cores: u32) -> RunSpec {
        RunSpec::from_query(self.preset, cores).0
    }

    /// The file of its program in Python, in the folder of the sources.
    pub fn program(&self) -> String {
        format!("lessons/{}.py", self.id)
    }

    /// Whether that belongs to it, however its knobs are set: its own run, or its program in Python.
    pub fn is_about(&self, spec: &RunSpec) -> bool {
        spec.workload == self.spec(1).workload || self.way == Way::Survey || spec.is_python()
    }
}

impl RunSpec {
    /// The files that are run, in the engine's source folder: the program, or the workload and the model that performs
    /// its steps.
    pub fn sources(&self) -> Vec<String> {
        let info = self.workload.info();
        if info.kind == crate::Kind::Proof {
            return Vec::new();
        }
        if info.kind == crate::Kind::Python {
            return Vec::new();
        }
        if info.only.is_some() {
            return vec![format!("experiments/{}.rs", info.id.replace('-', "_"))];
        }
        let workload = if info.kind == crate::Kind::Accident { "accidents" } else { info.id };
        vec![format!("workloads/{workload}.rs"), format!("models/{}.rs", self.model.id()), "models/steps.rs".to_owned()]
    }

    /// Every file that is run by anything in the catalogue.
    pub fn all_sources() -> Vec<String> {
        let mut files = Vec::new();
        for &workload in Workload::ALL.iter().filter(|workload| workload.info().kind != crate::Kind::Proof) {
            for &model in Model::ALL {
                let spec = Self::new(workload, 1);
                let model = workload.info().only.unwrap_or(model);
                files.extend(Self { model, ..spec }.sources());
            }
        }
        files.sort();
        files.dedup();
        files
    }
}

const MODELS: &[&str] = &["Sequential", "Threads", "Processes", "Async tasks"];

const LESSONS: &[Lesson] = &[
    Lesson {
        id: "sequential",
        title: "One after another",
        chapter: Chapter::Lanes,
        text: "Most programs do one thing after another, from top to bottom. Here one worker counts primes in sixteen tasks, \
               and each has to wait for all before it. The timeline has a single lane that is never idle, and one \
               processor of the machine is busy while the others have nothing to do. All later lessons are measured \
               against this one: it needs no locks, sends no messages and starts nothing. Choose a bar to see which \
               task it is. The later ones are longer, since larger numbers take longer to test.",
        question: Question {
            ask: "Twice the tasks, the same numbers: how long does it take then?",
            choices: &["Half as long", "As long as before", "Twice as long"],
            right: Right::Choice(1),
            why: "The work is the same, only cut finer. One lane does all of it in any case.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=primes&model=sequential&size=1000000",
        way: Way::Run,
    },
    Lesson {
        id: "start-join",
        title: "Starting and joining threads",
        chapter: Chapter::Lanes,
        text: "Main starts three threads, goes on at once, and waits for their ends: that is joining. The solid \
               lines lead from who starts to who is started, and from an end to who waited for it. The errand is \
               only a sleep, as if a thread waited for an answer, so all three do it at the same time and the run \
               hardly takes longer with more of them. Open the log to see who says what and when: main says that it \
               goes on before any runner is back. Without joining, main could end while the others still run, and \
               would never know what they came to.",
        question: Question {
            ask: "Six threads instead of three, 150 ms each: how long does the run take?",
            choices: &["About as long as before", "Twice as long", "Half as long"],
            right: Right::Choice(0),
            why: "The errands overlap, since a thread that sleeps needs no processor. Only starting six workers takes a little longer than starting three.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=start-join",
        way: Way::Run,
    },
    Lesson {
        id: "interleaved-output",
        title: "Output of two threads",
        chapter: Chapter::Lanes,
        text: "One thread prints ten numbers, the other ten letters, each after a short pause. Both are under way \
               at once, so their lines come mixed: open the log and read them in the order of time. Which comes \
               first after each pause is decided by the machine, anew in each run. Within one thread the order \
               holds always: 3 never comes before 2. Across threads nothing is promised unless somebody waits for \
               somebody. Give a seed, and one lane runs at a time; the same seed gives the same mix again, line for \
               line.",
        question: Question {
            ask: "Two runs without a seed: do the lines come in the same order?",
            choices: &["Always", "Not necessarily", "Never"],
            right: Right::Choice(1),
            why: "Each thread keeps its own order. How the two mix follows from timing, so it may be the same twice, and may not.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=interleaved-output",
        way: Way::Run,
    },
    Lesson {
        id: "processes",
        title: "Starting and joining processes",
        chapter: Chapter::Lanes,
        text: "Main starts two processes and waits for them. A process looks like a thread on the timeline and is \
               something else: a worker with a memory of its own. It knows nothing but the arguments that it was \
               sent, and what it finds out it has to send back: here through a queue. What one breaks, the others \
               do not notice. The price is to be seen: the dashed starting spans are longer than those of threads, \
               since a whole instance of the program has to be set up, memory and all. Read in the log what each of \
               them printed.",
        question: Question {
            ask: "A process changes one of its variables. Does main see it?",
            choices: &["Yes, as with a thread", "No, they share nothing"],
            right: Right::Choice(1),
            why: "Each has a memory of its own. What others are to know has to be sent, or put into memory that was shared on purpose.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=processes",
        way: Way::Run,
    },
    Lesson {
        id: "coroutines",
        title: "Coroutines, gathered",
        chapter: Chapter::Lanes,
        text: "A coroutine is a function that can stop in the middle and let others go on until what it awaits is \
               there. Three of them sleep here, on one thread: main spawns them and gathers their results, in the \
               order in which they were started. On the timeline they are lanes under the event loop: a short solid \
               bar, a long sleep, a short solid bar. No two solid bars overlap, and yet all three sleep at once. \
               Nothing has to be started for them, no worker and no stack, so you may have thousands: set 2,000 and \
               see how long it takes.",
        question: Question {
            ask: "2,000 coroutines that sleep 150 ms each, on one thread: how long in all?",
            choices: &["About 150 ms", "About 2 seconds", "About 5 minutes"],
            right: Right::Choice(0),
            why: "They all sleep at the same time. Only waking each of them takes some microseconds of the one thread.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=coroutines",
        way: Way::Run,
    },
    Lesson {
        id: "concurrency-parallelism",
        title: "Concurrent is not parallel",
        chapter: Chapter::Lanes,
        text: "Concurrent: several things are under way. Parallel: several things are executed in the same moment. Compare \
               runs requests of a server four ways. As async tasks, all requests are under way together, yet of all \
               their solid spans no two ever overlap: one thread runs them in turns. On threads and processes solid \
               spans lie above each other, as many as the machine has processors. The report counts it: “running at \
               once” is how many lanes executed in the same moment, on average.",
        question: Question {
            ask: "Which model can never run two lanes at once, however many are under way?",
            choices: MODELS,
            right: Right::Choice(3),
            why: "Sequential has one lane only. Async tasks have many, but one event loop executes them in turns: concurrent, and not parallel.",
            evidence: Evidence::Models,
        },
        preset: "workload=requests&model=tasks&size=4000&tasks=16&latency=30&rate=400",
        way: Way::Compare,
    },
    Lesson {
        id: "cpu-bound",
        title: "Computing, four ways",
        chapter: Chapter::Limits,
        text: "Counting primes is CPU-bound: it waits for nothing but the processor. Compare does the same work in every \
               model, on one time axis. Look for solid bars above each other: only those make it faster. Threads share \
               one memory and get their tasks for free; processes have a memory each, and their tasks and results \
               travel as messages, the dashed lines. Async tasks share one thread, so they cannot be faster than \
               doing one after another. Starting workers takes time too: try a small number of numbers.",
        question: Question {
            ask: "Which model is the fastest here, on this machine?",
            choices: MODELS,
            right: Right::Fastest,
            why: "With work enough, whoever uses all processors wins. With little work, starting workers costs more than they save.",
            evidence: Evidence::Models,
        },
        preset: "workload=primes&model=threads",
        way: Way::Compare,
    },
    Lesson {
        id: "io-bound",
        title: "Waiting, four ways",
        chapter: Chapter::Limits,
        text: "Eight timers stand for eight answers that a server will send. Nothing is computed: the lanes sleep, and \
               sleeping needs no processor. One after another, the waits add up. Threads and processes overlap as many \
               waits as there are workers, so two workers halve the time. Async tasks overlap all of them, on one \
               single thread: the waits lie above each other on the timeline, and the whole run lasts little longer than \
               the longest of them. Set more workers and compare again.",
        question: Question {
            ask: "Eight waits of 100 ms as async tasks: how long in all?",
            choices: &["About 100 ms", "About 400 ms", "About 800 ms"],
            right: Right::Choice(0),
            why: "A task that waits costs nothing, so all eight wait at the same time.",
            evidence: Evidence::Models,
        },
        preset: "workload=timers&model=tasks",
        way: Way::Compare,
    },
    Lesson {
        id: "mixed",
        title: "A mixed load",
        chapter: Chapter::Limits,
        text: "Real programs compute and wait. Every request here computes, waits as if for a database, and computes \
               again. Where requests queue depends on the model: sequentially each waits for all before it; as async \
               tasks the waits overlap, but computing does not, which the dotted ready spans show; threads and processes \
               overlap both, as far as there are workers. Give threads more workers than the machine has processors and \
               the waits overlap better: a worker that waits leaves its processor to others.",
        question: Question {
            ask: "Which model is the fastest with this load?",
            choices: MODELS,
            right: Right::Fastest,
            why: "It depends on the share of computing. Raise “CPU part” or “I/O part” and the order may change.",
            evidence: Evidence::Models,
        },
        preset: "workload=requests&model=threads&size=4000&tasks=24&latency=40&rate=1000",
        way: Way::Compare,
    },
    Lesson {
        id: "downloads",
        title: "Many downloads",
        chapter: Chapter::Limits,
        text: "Sixteen files of this very site are downloaded, each with some latency added so that the waiting shows. A \
               thread that downloads is blocked, as if it slept, so another can go on: threads suit work like this even \
               where only one may run at a time. As async tasks all downloads are under way together on one thread. \
               The pattern of vertical lines is I/O, waiting for the outside; what comes after, checking the file, is \
               too short to see unless you zoom in.",
        question: Question {
            ask: "Which model has the most downloads under way together?",
            choices: MODELS,
            right: Right::Choice(3),
            why: "Each thread or process waits for one file at a time; an event loop waits for all at once.",
            evidence: Evidence::Models,
        },
        preset: "workload=downloads&model=tasks&size=16&tasks=16&latency=120",
        way: Way::Compare,
    },
    Lesson {
        id: "pictures",
        title: "Processing a picture",
        chapter: Chapter::Limits,
        text: "A generated picture is blurred, cut into bands of rows. It is CPU-bound, and its data matter: each band needs \
               some rows of its neighbours. Threads read them where they are. Processes are sent theirs and send the \
               result back: look at the dashed lines, and at “Messages” in the comparison. So processes have to save more \
               than the copying costs. The tab Picture shows who made which rows. With dynamic chunking a lane takes the \
               next band when it is done with one.",
        question: Question {
            ask: "Which model has to copy the picture to work on it?",
            choices: MODELS,
            right: Right::Choice(2),
            why: "A process has a memory of its own, so all it works on must be sent to it and back.",
            evidence: Evidence::Models,
        },
        preset: "workload=blur&model=threads&size=1536",
        way: Way::Compare,
    },
    Lesson {
        id: "server",
        title: "A web server’s requests",
        chapter: Chapter::Limits,
        text: "Sixty requests arrive, two hundred in a second, each with little computing and a long wait for a database. \
               As async tasks each starts as soon as it arrives and waits along with the others: one thread serves them \
               all. With two threads or processes only two requests are served at any time, and the rest queue at the \
               door, though the processors have nothing to do. Raise the workers to thirty and threads keep up, at the \
               price of thirty stacks. Then make the CPU part ten times larger and see who queues now.",
        question: Question {
            ask: "With two workers, which model serves all requests soonest?",
            choices: MODELS,
            right: Right::Fastest,
            why: "The fewer waits overlap, the longer the queue. Waiting is what tasks do best, as long as nobody computes for long.",
            evidence: Evidence::Models,
        },
        preset: "workload=requests&model=tasks&size=100&tasks=60&latency=80&rate=200&workers=2",
        way: Way::Compare,
    },
    Lesson {
        id: "blocked-loop",
        title: "An event loop, blocked",
        chapter: Chapter::Limits,
        text: "Three coroutines tick every 20 ms. A fourth computes for 160 ms without awaiting anything, and since \
               it never lets go, no other can go on: all three tickers stand ready, dotted, until it is done. In a \
               server that would be every other visitor’s request. The more pieces the work is cut into, with a \
               turn for others between two, the less late the ticks are. Set “In pieces” to 16 and run again. \
               Better still: give such work to a thread or a process, and await its end.",
        question: Question {
            ask: "Into how many pieces must 160 ms be cut, so that no tick is more than about 10 ms late?",
            choices: &["2", "16", "None: loops take turns by themselves"],
            right: Right::Choice(1),
            why: "A tick can be late by one whole piece. Event loops switch only where a coroutine awaits.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=blocked-loop",
        way: Way::Run,
    },
    Lesson {
        id: "race",
        title: "A race on a counter",
        chapter: Chapter::Sharing,
        text: "Two threads add one to the same counter, a million times each. Adding takes three steps: read, add, write \
               back. If another thread writes in between, its addition is wiped out by the old sum. Nothing waits and \
               nothing fails; the result is just too small, by another amount each time. Run it again to see. Then give \
               a seed: one lane runs at a time and switches as the seed says, so the same seed loses the same additions \
               again. Set few additions, and the timeline shows each switch in the middle of adding.",
        question: Question {
            ask: "Two runs with the same knobs and no seed: do they lose the same number?",
            choices: &["Yes, always", "No, it depends on timing", "Neither loses any"],
            right: Right::Choice(1),
            why: "When threads meet between reading and writing depends on the machine, the browser and chance. That is what makes a race hard to find.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=race",
        way: Way::Run,
    },
    Lesson {
        id: "lock",
        title: "The same with a lock",
        chapter: Chapter::Sharing,
        text: "The counter again, now with a lock around the two steps of adding. Who has the lock has the counter \
               for itself, and the other waits: the slanted pattern says waiting, and choosing such a bar tells for \
               which lock, who has it, and in which line it was taken. Nothing is lost any more, under no seed. The \
               price is on the timeline too: in the guarded part the threads are no longer side by side but take \
               turns, and waking each other costs more than the addition itself. So guard as little as has to be \
               guarded.",
        question: Question {
            ask: "Do any seeds lose additions here?",
            choices: &["Some do, as before", "None", "All do"],
            right: Right::Choice(1),
            why: "Reading and writing back cannot be separated any more: who comes in between waits for the lock.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=lock",
        way: Way::Run,
    },
    Lesson {
        id: "rlock",
        title: "A lock taken again",
        chapter: Chapter::Sharing,
        text: "A function takes a lock and then calls itself, still holding it. A plain lock would wait for its own \
               release, for ever. This one, an RLock, belongs to the thread that took it: the same thread may take \
               it again and releases it as often. On the timeline a visitor has the lock from its first visit to \
               the last return, four deep, without a wait in between, while the other visitor waits the whole time. \
               Open the log: the heights of one visitor come in one piece. Set the height higher and see how long \
               the other waits.",
        question: Question {
            ask: "When can the second thread take the lock?",
            choices: &["After the first release", "After as many releases as there were takings", "At any time"],
            right: Right::Choice(1),
            why: "The lock counts. It is free when its owner has given back every taking, so the inner return frees nothing yet.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=rlock",
        way: Way::Run,
    },
    Lesson {
        id: "semaphore",
        title: "A semaphore as a limit",
        chapter: Chapter::Sharing,
        text: "Six clients want to download at once, but only two connections are allowed. A semaphore has two \
               permits: who takes one goes on, who finds none waits. Look at the timeline from top to bottom: at no \
               time are more than two lanes asleep in their download; the others show waiting, and whenever a \
               download ends a line leads from the one who gave its permit back to the one who got it. A lock is a \
               semaphore with one permit. Set three permits, and the run should take two rounds instead of three.",
        question: Question {
            ask: "Six downloads of 60 ms, two permits: how many rounds of 60 ms is that?",
            choices: &["One", "Three", "Six"],
            right: Right::Choice(1),
            why: "Two at a time, six in all: three rounds. With six permits it would be one, and with a single permit it is a lock.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=semaphore",
        way: Way::Run,
    },
    Lesson {
        id: "start-gun",
        title: "An event as a starting gun",
        chapter: Chapter::Sharing,
        text: "Five runners come to the start at different times, since starting a worker takes some milliseconds, \
               and each waits for the same event. An event is a flag: as long as it is not set, who waits for it \
               waits; when main sets it, all go on together, which the lines from main to every runner show. It \
               stays set, so whoever comes to wait after the shot goes on at once: main itself does that. Shorten \
               the time to the shot to zero, and runners who come late do not wait at all.",
        question: Question {
            ask: "The shot falls before a runner has come to the start. What becomes of it?",
            choices: &["It waits for ever", "It runs at once", "It fails"],
            right: Right::Choice(1),
            why: "The event remembers that it is set. A wake-up that nobody remembers would be lost: see the lesson about that.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=start-gun",
        way: Way::Run,
    },
    Lesson {
        id: "condition",
        title: "Waiting for a condition",
        chapter: Chapter::Sharing,
        text: "Customer 1 wants 100 coins, customer 2 wants 200, customer 3 wants 300, and payments of 75 come in \
               one by one. A lock alone could only say “ask again later”. With a condition, a customer gives up the \
               lock and sleeps until there is news; after each payment all are woken, and each looks whether it is \
               enough now. Choose a short solid bar between two waits: that is a customer who looked and went back \
               to sleep. Who is woken must always look again, since somebody else may have been faster.",
        question: Question {
            ask: "Why does a customer look again after it was woken?",
            choices: &["Out of caution only", "Another may have taken the money first", "Because the lock was lost"],
            right: Right::Choice(1),
            why: "Being woken says that something changed, not that it is still so. That is why waiting stands in a loop.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=condition",
        way: Way::Run,
    },
    Lesson {
        id: "barrier",
        title: "Rounds with a barrier",
        chapter: Chapter::Sharing,
        text: "Three workers do four rounds of work, and no round may begin before everybody has finished the one \
               before. Each comes to the barrier and waits until all are there; the last to come lets all go on, \
               and its lines lead to the others. The workers are not equally fast: worker 3 needs three times as \
               long as worker 1, so the timeline shows worker 1 waiting most of the time. A barrier makes all as \
               slow as the slowest in each round. Set one worker, and it never waits.",
        question: Question {
            ask: "Which worker never waits at the barrier for long?",
            choices: &["Worker 1, the fastest", "Worker 3, the slowest", "All wait equally"],
            right: Right::Choice(1),
            why: "The slowest comes last, and the last to come opens the barrier for everybody, itself included.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=barrier",
        way: Way::Run,
    },
    Lesson {
        id: "producer-consumer",
        title: "Producer and consumer",
        chapter: Chapter::Sharing,
        text: "Main makes twelve items and puts them on a shelf, a queue with room for three; two consumers take \
               and use them. When the shelf is full the producer waits, when it is empty the consumers do: that way \
               nobody needs to know how fast the others are. The dotted lines lead from who put to who got. The end \
               is an item too, a sentinel that says “no more”, one for each consumer. Look at the last get of each \
               consumer, and at main, which for most of the run waits at line shelf.put.",
        question: Question {
            ask: "Four consumers instead of two: what happens to the producer’s waiting?",
            choices: &["It waits less", "It waits more", "Nothing"],
            right: Right::Choice(0),
            why: "The shelf is emptied faster, so it is full less often. Once consumers wait instead, making is the bottleneck.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=producer-consumer",
        way: Way::Run,
    },
    Lesson {
        id: "ping-pong",
        title: "Ping-pong through a pipe",
        chapter: Chapter::Talking,
        text: "A number goes to another process and comes back, increased by one, two hundred times. A pipe has two \
               ends; each side sends into its own and receives what the other sent. Zoom in: the two lanes take \
               turns, each waits while the other runs, and the dashed lines go to and fro between them. Nothing is \
               shared, so nothing has to be locked; but each trip takes its time, and both processors are never \
               busy together. So send few large messages rather than many small ones, and do not wait for each \
               answer.",
        question: Question {
            ask: "How long does one round trip take on this machine?",
            choices: &["Less than a microsecond", "Some microseconds to some hundred", "More than ten milliseconds"],
            right: Right::Choice(1),
            why: "The other process has to be woken each time, and that is a matter of microseconds: a thousand times a function call.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=ping-pong",
        way: Way::Run,
    },
    Lesson {
        id: "value-array",
        title: "A shared value and array",
        chapter: Chapter::Talking,
        text: "Processes share nothing, unless one asks for it: a Value is one number in memory that all of them \
               see, an Array is a list of them. Two processes add to the same total, so the race on a counter is \
               back, and with it the lock: each Value has one of its own, and update takes it for reading and \
               writing back together. The slanted bars are waits for it. The array needs no waiting worth \
               mentioning, since each process writes only its own place. Nothing had to be sent: look, there are no \
               dashed lines between the two.",
        question: Question {
            ask: "Which of the two could do without a lock here?",
            choices: &["The total", "The list of counts", "Both"],
            right: Right::Choice(1),
            why: "Each place of the list has just one writer. The total has two, and reading and writing back is two steps.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=value-array",
        way: Way::Run,
    },
    Lesson {
        id: "manager",
        title: "A manager’s dict",
        chapter: Chapter::Talking,
        text: "Memory for numbers is easily shared; a dict is not. So it lives in one process, the manager, and \
               what the others have is a proxy: whatever they do with it is sent there, done there, and the answer \
               comes back. Look for the manager’s lane: it waits for requests all the time and works for a moment \
               at each. That way many processes, and any kind of object, work together, with one message there and \
               one back for every single access. Asking a thousand times is a thousand round trips.",
        question: Question {
            ask: "Who does the work of dict.set?",
            choices: &["The process that calls it", "The manager", "Whoever is free"],
            right: Right::Choice(1),
            why: "The proxy only sends what is to be done. The dict itself is in the manager’s memory, and nowhere else.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=manager",
        way: Way::Run,
    },
    Lesson {
        id: "pool-map",
        title: "A pool’s map",
        chapter: Chapter::Talking,
        text: "A pool starts a few processes once and gives them work as long as there is some. Map takes one \
               function and many arguments, cuts them into chunks, sends the chunks to whoever is free, and puts \
               the results in the order of their arguments, whoever was done first. It is the simplest way to use \
               all processors: no lock, no message of your own. Look at the lanes: each process gets a chunk, \
               works, and gets the next. Later numbers take a little longer, so more and smaller chunks balance \
               better, and cost more messages.",
        question: Question {
            ask: "In which order are the results?",
            choices: &["As they were finished", "As their arguments were", "At random"],
            right: Right::Choice(1),
            why: "Map waits for all and sorts by argument. Who wants each result as soon as it is there takes imap_unordered.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=pool-map",
        way: Way::Run,
    },
    Lesson {
        id: "two-locks",
        title: "A deadlock of two locks",
        chapter: Chapter::Accidents,
        text: "One thread takes account A and then B, the other B and then A. If each gets its first lock, each \
               waits for what the other will never give back: a deadlock. It is found here from who waits for what, \
               and the verdict names lanes, locks and lines. With a pause between the two locks it is almost \
               certain. Set the pause to 0 and give seeds: under some the run ends well, under others not, and the \
               same seed always ends the same way. That is what makes deadlocks hard to meet in tests and easy to \
               meet at night.",
        question: Question {
            ask: "With no pause between the locks: does every seed end in the deadlock?",
            choices: &["Yes, every one", "Some do and some do not", "No, none"],
            right: Right::Choice(1),
            why: "It takes a switch between one thread’s first and second lock. Whether it falls there is what a seed decides.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=two-locks",
        way: Way::Run,
    },
    Lesson {
        id: "two-locks-ordered",
        title: "The deadlock mended: one order",
        chapter: Chapter::Accidents,
        text: "The same two threads and the same two locks, only that both take A first. Whoever has A will get B \
               too, since nobody who has B can be waiting for A. So there can be no circle, whatever the timing. \
               The other thread waits for A, before it has anything itself: look for the slanted bar, and choose it \
               to see the line. The rule is simple to say: give all locks an order, and take them in that order. \
               Try as many seeds as you like, and compare the source with that of the broken one.",
        question: Question {
            ask: "Can any seed deadlock this program?",
            choices: &["A rare one may", "None can", "With more rounds, yes"],
            right: Right::Choice(1),
            why: "A deadlock needs a circle of waiting. With one order for all locks, whoever waits waits for a later lock, and no circle closes.",
            evidence: Evidence::And(Workload::TwoLocks),
        },
        preset: "workload=two-locks-ordered",
        way: Way::Run,
    },
    Lesson {
        id: "philosophers",
        title: "Dining philosophers",
        chapter: Chapter::Accidents,
        text: "Five philosophers sit around a table with five forks, one between any two. Eating takes two: each \
               takes the left fork, waits a moment, and reaches for the right one. If all five take their left \
               fork, all five wait for a neighbour, and nobody will ever eat: a circle of five. The verdict names \
               every link of it, and the timeline ends in five slanted bars. Two philosophers are enough for it, \
               too. With a moment of 0 ms it depends on luck, and on the seed.",
        question: Question {
            ask: "How many of the five have a fork when the circle closes?",
            choices: &["None", "Some", "All five"],
            right: Right::Choice(2),
            why: "Each holds exactly one fork and waits for the next: that is the circle. If one of them had none, its neighbour could eat.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=philosophers",
        way: Way::Run,
    },
    Lesson {
        id: "philosophers-mended",
        title: "Dining philosophers, mended",
        chapter: Chapter::Accidents,
        text: "One thing is changed: each philosopher takes the fork with the lower number first. For four of them \
               that is the left one, as before; the last one sits between fork 5 and fork 1 and so begins with 1. \
               If it has to wait for fork 1, it has not taken fork 5, and its neighbour can eat. The circle cannot \
               close. Meals take turns, the timeline shows waiting and eating, and the run comes to its end under \
               every seed. Compare its two sources: only the order in which forks are taken differs.",
        question: Question {
            ask: "What breaks the circle?",
            choices: &[
                "Forks are put down after a while",
                "The last one takes its forks in another order",
                "There are more forks",
            ],
            right: Right::Choice(1),
            why: "It reaches for fork 1 before fork 5, so not everybody can hold one fork and wait for the next.",
            evidence: Evidence::And(Workload::Philosophers),
        },
        preset: "workload=philosophers-mended",
        way: Way::Run,
    },
    Lesson {
        id: "convoy",
        title: "Starvation and lock convoy",
        chapter: Chapter::Accidents,
        text: "One greedy thread keeps a lock for 25 ms, lets it go and takes it again at once. Three modest ones \
               need it for a moment each. Nothing is wrong with any of them, and yet the modest ones stand in a row \
               behind the greedy one, the convoy: their lanes are slanted nearly all the time. A lock promises that \
               only one has it; who gets it next it does not promise. Often the greedy one has it again before \
               those who wait have woken: they starve. Choose a wait to see who had the lock. Give a seed to make \
               chance decide.",
        question: Question {
            ask: "How often does the least lucky of the others get the lock, while greedy takes it twelve times?",
            choices: &["Twelve times too", "Fewer times", "It depends on nothing"],
            right: Right::Choice(1),
            why: "Waking takes time, and a running thread needs none. Fair locks hand over in order, and cost more for it.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=convoy",
        way: Way::Run,
    },
    Lesson {
        id: "priority-inversion",
        title: "Priority inversion",
        chapter: Chapter::Accidents,
        text: "Three threads share one processor that always runs the most important who wants it. Low has taken \
               the printer; high wants it and waits, which is right: low needs 16 ms more. But medium, which wants \
               no printer, is more important than low and takes the processor all the time. So low cannot finish, \
               and high waits for medium, though it is more important. The lanes tell it: high waits for the lock \
               while medium runs. Browsers have no priorities; the processor here is a program with a condition, to \
               be read in the source. Set medium’s work to 0.",
        question: Question {
            ask: "Twice the work for medium: how much longer does high wait?",
            choices: &[
                "Not longer: it is more important",
                "About as much longer as medium works longer",
                "Half as long",
            ],
            right: Right::Choice(1),
            why: "High waits for low, and low waits for medium. Lending high’s importance to low while it has the lock would end it.",
            evidence: Evidence::SeveralRuns,
        },
        preset: "workload=priority-inversion",
        way: Way::Run,
    },
    Lesson {
        id: "lost-wakeup",
        title: "A lost wake-up",
        chapter: Chapter::Accidents,
        text: "The sleeper looks whether the bell has rung, hesitates, and goes to bed until it rings. The ringer \
               rings in between: nobody sleeps yet, so nobody is woken, and a condition remembers nothing. The \
               sleeper then waits for a bell that will never ring again. Everybody left waits for somebody, and so \
               it is called what it is: a deadlock, without a circle. The mistake is looking without the lock. Who \
               looks and goes to bed under one lock leaves no gap. With 0 ms of hesitation the seed decides whether \
               the bell falls into the gap.",
        question: Question {
            ask: "The sleeper holds the lock from looking until it sleeps. Can the wake-up still be lost?",
            choices: &["Yes, more rarely", "No"],
            right: Right::Choice(1),
            why: "The ringer needs the same lock, so it rings before the look, which then sees it, or after the sleeper sleeps.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=lost-wakeup",
        way: Way::Run,
    },
    Lesson {
        id: "gil",
        title: "A GIL, on and off",
        chapter: Chapter::Costs,
        text: "CPython has a lock that a thread must hold to execute: the global interpreter lock. It is rebuilt here, and \
               you can switch it. With it the threads take turns: one is solid, the others are ready, which is dotted, and \
               every few milliseconds they change, after the switch interval. All of them work and nothing gets faster. \
               Switch it off and run again: solid bars lie above each other. A thread that waits gives the GIL up, so \
               for waiting it matters little: try Timers or Downloads with it.",
        question: Question {
            ask: "Counting primes on two threads: what does the GIL cost?",
            choices: &["Nothing", "The whole gain of the second thread", "The run never ends"],
            right: Right::Choice(1),
            why: "Only the holder executes, so computing threads come to one processor in all, however many there are.",
            evidence: Evidence::Gil,
        },
        preset: "workload=primes&model=threads&size=4000000&start=warm&gil=on",
        way: Way::Run,
    },
    Lesson {
        id: "memory",
        title: "What a thread, a process and a task weigh",
        chapter: Chapter::Costs,
        text: "Main starts 2,000 tasks, three threads and three processes, keeps all of them, and measures how much \
               memory is there before and after. A task is an object on a heap: what it has to remember while it \
               waits. A thread needs a stack, reserved in full, and a ring for what it records. A process needs a \
               whole instance with its own memory, program data and all. The log has the sums, the result what a \
               single one comes to. All of it was measured in this run; another browser gives other numbers, and \
               these are only the parts that WebAssembly can see. Python is not told its memory, so its program weighs \
               time instead.",
        question: Question {
            ask: "With the memory of one process, how many tasks could you have?",
            choices: &["Ten or so", "Hundreds", "Thousands"],
            right: Right::Choice(2),
            why: "Divide the two numbers of your own run: a task weighs next to nothing, and that is why servers like them.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=weights",
        way: Way::Run,
    },
    Lesson {
        id: "spawn-cost",
        title: "What starting costs",
        chapter: Chapter::Costs,
        text: "Eight threads and eight processes are started and joined one after the other, doing nothing, then a \
               thousand tasks. The dashed spans are the starting itself: the page has to create a worker, which \
               loads the module and, for a process, sets up a memory. A task is only put into a queue. The result \
               tells the middle of each, measured in this run. Whoever has small work for many should start workers \
               once and keep them, which is what pools are for; Python keeps them for its next threads by itself. “Cold” \
               and “warm” in the workloads make the same difference.",
        question: Question {
            ask: "Which is the order from cheapest to dearest to start?",
            choices: &["Thread, task, process", "Task, thread, process", "Task, process, thread"],
            right: Right::Choice(1),
            why: "A task is an entry in a queue, a thread a worker on memory that is there, a process a worker and a memory of its own.",
            evidence: Evidence::OneRun,
        },
        preset: "workload=spawn-cost",
        way: Way::Run,
    },
    Lesson {
        id: "which-when",
        title: "Which one, when?",
        chapter: Chapter::Costs,
        text: "Rules of thumb say: processes or free threads for computing, async tasks for waiting, threads where waiting \
               meets a library that blocks. Do not believe them, measure. The table below fills itself with your own \
               runs in this tab: a load that computes, one that waits, and one that does both, each in all four models. \
               Press the buttons that are left, and read the fastest in every row. Another machine, another browser or \
               other knobs may give another answer, and so may a GIL.",
        question: Question {
            ask: "Is one model the fastest for every kind of load, on this machine?",
            choices: &["Yes", "No"],
            right: Right::Choice(1),
            why: "What computes wants processors, and what waits wants many waits at once. Look at your rows: they seldom agree.",
            evidence: Evidence::Models,
        },
        preset: "workload=primes&model=threads&size=1500000",
        way: Way::Survey,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Kind;

    fn words(text: &str) -> usize {
        text.split_whitespace().count()
    }

    #[test]
    fn texts_are_short() {
        for lesson in Lesson::ALL {
            let count = words(lesson.text);
            assert!((40..=MOST_WORDS).contains(&count), "{} has {count} words", lesson.id);
            assert!(words(lesson.question.why) <= 40, "{}", lesson.id);
            assert!(!lesson.text.contains("  "), "{}", lesson.id);
        }
    }

    #[test]
    fn every_preset_is_a_good_link() {
        for lesson in Lesson::ALL {
            let (spec, problems) = RunSpec::from_query(lesson.preset, 2);
            assert_eq!(problems, [], "{}", lesson.id);
            assert!(lesson.is_about(&spec), "{}", lesson.id);
            if lesson.way != Way::Run {
                assert_eq!(spec.workload.info().only, None, "{} compares", lesson.id);
            }
        }
    }

    #[test]
    fn every_question_has_a_right_answer_among_its_choices() {
        for Lesson { id, question, .. } in Lesson::ALL {
            assert!(question.choices.len() >= 2, "{id}");
            match question.right {
                Right::Choice(n) => assert!(n < question.choices.len(), "{id}"),
                Right::Fastest => {
                    let titles: Vec<&str> = Model::ALL.iter().map(|model| model.title()).collect();
                    assert_eq!(question.choices, titles, "{id}");
                    assert_eq!(question.evidence, Evidence::Models, "{id}");
                }
            }
        }
    }

    #[test]
    fn lessons_are_told_apart_and_found_by_their_names() {
        for lesson in Lesson::ALL {
            assert_eq!(Lesson::from_id(lesson.id), Some(lesson));
            assert_eq!(Lesson::ALL.iter().filter(|other| other.title == lesson.title).count(), 1, "{}", lesson.id);
        }
        assert_eq!(Lesson::from_id("Race"), None);
    }

    #[test]
    fn chapters_are_whole_and_in_order() {
        let mut chapters: Vec<Chapter> = Lesson::ALL.iter().map(|lesson| lesson.chapter).collect();
        chapters.dedup();
        assert_eq!(chapters, Chapter::ALL);
    }

    #[test]
    fn every_program_has_a_lesson_but_those_that_only_go_wrong() {
        let goes_wrong = [Workload::TroubledCoroutines, Workload::TroubledProcesses];
        let programs = Workload::ALL.iter().filter(|workload| workload.info().kind == Kind::Program);
        for &workload in programs.filter(|workload| !goes_wrong.contains(workload)) {
            assert!(Lesson::ALL.iter().any(|lesson| lesson.spec(1).workload == workload), "{workload:?}");
        }
    }

    #[test]
    fn sources_are_named_once() {
        assert_eq!(RunSpec::new(Workload::Race, 2).sources(), ["experiments/race.rs"]);
        let spec = RunSpec { model: Model::Tasks, ..RunSpec::new(Workload::Blur, 2) };
        assert_eq!(spec.sources(), ["workloads/blur.rs", "models/tasks.rs", "models/steps.rs"]);
        let all = RunSpec::all_sources();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
