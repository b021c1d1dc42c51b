//! Random programs, simulated: a verdict is given if and only if lanes are stuck.
//!
//! The simulation records as the runtime does, each lane into a ring of its own, and a reader reads the rings one after
//! another *while* the lanes go on. Times are coarse on purpose: many entries of many lanes have the same.

use std::collections::{HashSet, VecDeque};

use interleave_timeline::{Deadlock, Store, Watch};
use interleave_trace::{
    Entry, Event, InstanceId, LaneId, LaneKind, NO_NUMBER, NameId, ObjectId, ObjectKind, Outcome, State, TimeNs, What,
};
use proptest::prelude::*;

/// What a program does, with the number of the object or lane that it does it to.
#[derive(Clone, Copy, Debug)]
enum Op {
    Take(usize),
    TakeForAWhile(usize),
    Release(usize),
    Join(usize),
    Sleep,
}

/// What there is, in this order: locks that anybody releases, locks of their holder, a semaphore, an event.
const KINDS: [ObjectKind; 6] = [
    ObjectKind::Lock,
    ObjectKind::Lock,
    ObjectKind::RLock,
    ObjectKind::OwnedLock,
    ObjectKind::Semaphore,
    ObjectKind::Event,
];

struct Thing {
    kind: ObjectKind,
    free: u32,
    holder: Option<usize>,
    queue: VecDeque<usize>,
    /// Somebody is within its monitor.
    entered: bool,
}

/// How far a lane is within its operation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    Starting,
    Next,
    Blocked {
        on: usize,
        timed: bool,
    },
    Woken {
        on: usize,
        timed: bool,
    },
    /// Said that it releases, and has not done so.
    Releasing(usize),
    /// Said that it wakes a lane, and has not done so.
    Waking(usize, usize),
    Sleeping,
    Ending,
    Over,
}

struct Simulation {
    programs: Vec<VecDeque<Op>>,
    doing: Vec<Doing>,
    things: Vec<Thing>,
    rings: Vec<VecDeque<Entry>>,
    clock: u64,
}

fn lane(n: usize) -> LaneId {
    LaneId::new(InstanceId(1), n as u32)
}

fn object(n: usize) -> ObjectId {
    ObjectId::new(InstanceId(1), n as u32)
}

impl Simulation {
    fn new(programs: Vec<Vec<Op>>) -> Self {
        let lanes = programs.len();
        let mut things: Vec<Thing> = KINDS
            .iter()
            .map(|&kind| Thing {
                kind,
                free: if kind == ObjectKind::Event { 0 } else { 1 },
                holder: None,
                queue: VecDeque::new(),
                entered: false,
            })
            .collect();
        // The ends of the lanes.
        things.extend((0..lanes).map(|n| Thing {
            kind: ObjectKind::End,
            free: 0,
            holder: Some(n),
            queue: VecDeque::new(),
            entered: false,
        }));
        let mut it = Self {
            programs: programs.into_iter().map(VecDeque::from).collect(),
            doing: vec![Doing::Starting; lanes],
            things,
            rings: vec![VecDeque::new(); lanes],
            clock: 0,
        };
        for n in 0..lanes {
            let spawned = What::Spawned {
                parent: LaneId::NONE,
                kind: LaneKind::Thread,
                name: NameId::NONE,
                number: n as u32,
                host: LaneId::NONE,
            };
            it.tell_of(0, lane(n), spawned);
        }
        for on in 0..it.things.len() {
            let kind = it.things[on].kind;
            it.tell(0, What::Made { on: object(on), kind, name: NameId::NONE, number: NO_NUMBER });
        }
        it
    }

    fn tell(&mut self, by: usize, what: What) {
        self.tell_of(by, lane(by), what);
    }

    fn tell_of(&mut self, by: usize, lane: LaneId, what: What) {
        self.clock += 1;
        let time = TimeNs(self.clock / 7);
        self.rings[by].push_back(Entry::Event(Event { time, lane, what }));
    }

    fn enter(&mut self, n: usize, state: State, on: Option<usize>, timed: bool) {
        let holder = on.and_then(|on| self.things[on].holder).map_or(LaneId::NONE, lane);
        let on = on.map_or(ObjectId::NONE, object);
        self.tell(n, What::Entered { state, name: NameId::NONE, number: NO_NUMBER, on, holder, timed });
    }

    /// Whether a lane could do something now.
    fn can_step(&self, n: usize) -> bool {
        let open = |on: usize| !self.things[on].entered;
        match self.doing[n] {
            Doing::Over => false,
            Doing::Blocked { on, timed } => timed && open(on),
            Doing::Woken { on, .. } => open(on),
            Doing::Next => match self.programs[n].front() {
                Some(Op::Take(on) | Op::TakeForAWhile(on) | Op::Release(on)) => open(*on),
                Some(Op::Join(of)) => open(KINDS.len() + of),
                Some(Op::Sleep) | None => true,
            },
            Doing::Starting | Doing::Releasing(_) | Doing::Waking(..) | Doing::Sleeping | Doing::Ending => true,
        }
    }

    /// Takes an object or begins to wait for it.
    fn take(&mut self, n: usize, on: usize, timed: bool, again: bool) {
        let thing = &mut self.things[on];
        if thing.free > 0 {
            // An event and an end stay as they are for all who come.
            if !matches!(thing.kind, ObjectKind::Event | ObjectKind::End) {
                thing.free -= 1;
                thing.holder = Some(n);
                self.tell(n, What::Acquired { on: object(on), file: NameId::NONE, line: NO_NUMBER });
            }
            if again {
                self.enter(n, State::Running, None, false);
            }
            self.doing[n] = Doing::Next;
        } else {
            self.enter(n, State::Waiting, Some(on), timed);
            let queue = &mut self.things[on].queue;
            if again {
                queue.push_front(n)
            } else {
                queue.push_back(n)
            }
            self.doing[n] = Doing::Blocked { on, timed };
        }
    }

    fn step(&mut self, n: usize) {
        match self.doing[n] {
            Doing::Starting => {
                self.tell(n, What::Started);
                self.doing[n] = Doing::Next;
            }
            Doing::Next => match self.programs[n].pop_front() {
                None => {
                    let end = KINDS.len() + n;
                    self.things[end].entered = true;
                    self.things[end].free = 1;
                    self.doing[n] = Doing::Ending;
                }
                Some(Op::Take(on)) => self.take(n, on, false, false),
                Some(Op::TakeForAWhile(on)) => self.take(n, on, true, false),
                Some(Op::Join(of)) if of != n => self.take(n, KINDS.len() + of, false, false),
                Some(Op::Join(_)) => {}
                Some(Op::Sleep) => {
                    self.enter(n, State::Sleeping, None, false);
                    self.doing[n] = Doing::Sleeping;
                }
                Some(Op::Release(on)) => {
                    let thing = &mut self.things[on];
                    let held = thing.holder.is_some() && thing.free == 0;
                    let may = match thing.kind {
                        ObjectKind::RLock | ObjectKind::OwnedLock => held && thing.holder == Some(n),
                        ObjectKind::Lock => held,
                        _ => thing.free == 0,
                    };
                    if may {
                        thing.entered = true;
                        let holder = thing.holder.map_or(LaneId::NONE, lane);
                        if thing.kind != ObjectKind::Event {
                            self.tell(n, What::Released { on: object(on), holder });
                        }
                        self.doing[n] = Doing::Releasing(on);
                    }
                }
            },
            Doing::Releasing(on) => {
                let thing = &mut self.things[on];
                (thing.free, thing.holder) = (1, None);
                self.wake_next(n, on);
            }
            Doing::Waking(on, target) => {
                let Doing::Blocked { timed, .. } = self.doing[target] else { panic!("only who is blocked is woken") };
                self.doing[target] = Doing::Woken { on, timed };
                if self.things[on].kind == ObjectKind::Event || self.things[on].kind == ObjectKind::End {
                    self.wake_next(n, on);
                } else {
                    self.leave(n, on);
                }
            }
            Doing::Woken { on, timed } => self.take(n, on, timed, true),
            Doing::Blocked { on, .. } => {
                // Its time is up.
                self.things[on].queue.retain(|waiting| *waiting != n);
                self.tell(n, What::TimedOut { on: object(on) });
                self.enter(n, State::Running, None, false);
                self.doing[n] = Doing::Next;
            }
            Doing::Sleeping => {
                self.enter(n, State::Running, None, false);
                self.doing[n] = Doing::Next;
            }
            Doing::Ending => self.wake_next(n, KINDS.len() + n),
            Doing::Over => {}
        }
    }

    fn wake_next(&mut self, n: usize, on: usize) {
        match self.things[on].queue.pop_front() {
            Some(target) => {
                self.tell(n, What::Woke { target: lane(target), on: object(on) });
                self.doing[n] = Doing::Waking(on, target);
            }
            None => self.leave(n, on),
        }
    }

    fn leave(&mut self, n: usize, on: usize) {
        self.things[on].entered = false;
        self.doing[n] = Doing::Next;
        if on == KINDS.len() + n {
            self.tell(n, What::Ended(Outcome::Completed));
            self.doing[n] = Doing::Over;
        }
    }

    fn is_left(&self, n: usize) -> bool {
        self.doing[n] != Doing::Over
    }
}

/// Reads ring after ring, and looks after each round.
struct Reader {
    store: Store,
    watch: Watch,
    next: usize,
    verdict: Option<Deadlock>,
}

impl Reader {
    fn step(&mut self, simulation: &mut Simulation) {
        // Not always in the same order; what matters is that each is read.
        for entry in simulation.rings[self.next].drain(..) {
            self.store.push(entry);
        }
        self.next += 1;
        if self.next == simulation.rings.len() {
            self.next = 0;
            if let Some(verdict) = self.watch.look(&self.store) {
                self.verdict.get_or_insert(verdict);
            }
        }
    }
}

fn op(lanes: usize) -> impl Strategy<Value = Op> {
    let on = 0..KINDS.len();
    prop_oneof![
        6 => on.clone().prop_map(Op::Take),
        1 => on.clone().prop_map(Op::TakeForAWhile),
        5 => on.prop_map(Op::Release),
        1 => (0..lanes).prop_map(Op::Join),
        1 => Just(Op::Sleep),
    ]
}

fn programs() -> impl Strategy<Value = Vec<Vec<Op>>> {
    (1usize..=5).prop_flat_map(|lanes| proptest::collection::vec(proptest::collection::vec(op(lanes), 0..8), lanes))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn a_verdict_if_and_only_if_lanes_are_stuck(
        programs in programs(),
        choices in proptest::collection::vec(any::<u16>(), 0..400),
    ) {
        let lanes = programs.len();
        let mut simulation = Simulation::new(programs);
        let mut reader = Reader { store: Store::default(), watch: Watch::default(), next: 0, verdict: None };
        let mut condemned: HashSet<usize> = HashSet::new();
        let mut turn = 0usize;
        let mut choices = choices.into_iter();
        loop {
            let ready: Vec<usize> = (0..lanes).filter(|&n| simulation.can_step(n)).collect();
            if ready.is_empty() {
                break;
            }
            // By chance as long as there is some, then in turn.
            let choice = choices.next().map_or_else(|| { turn += 1; turn }, usize::from);
            // Now and then the lanes are held up for longer than readings take.
            for _ in 0..if choice % 3 == 0 { choice / 16 % 16 } else { choice % 3 } {
                reader.step(&mut simulation);
            }
            if let Some(verdict) = &reader.verdict {
                condemned.extend(verdict.lanes.iter().map(|stuck| stuck.lane.count() as usize));
            }
            if choice % 5 != 0 {
                let n = ready[choice / 5 % ready.len()];
                prop_assert!(!condemned.contains(&n), "lane {} was said to be stuck and went on", n);
                simulation.step(n);
            }
        }
        // Nobody can do anything any more.
        for _ in 0..3 * lanes {
            reader.step(&mut simulation);
        }
        let left: HashSet<usize> = (0..lanes).filter(|&n| simulation.is_left(n)).collect();
        prop_assert!(condemned.is_subset(&left));
        let now = Deadlock::of(&reader.store);
        let named: HashSet<usize> =
            now.iter().flat_map(|verdict| &verdict.lanes).map(|stuck| stuck.lane.count() as usize).collect();
        prop_assert_eq!(&named, &left, "who is left is stuck, and nobody else");
        prop_assert_eq!(reader.verdict.is_some(), !left.is_empty());
    }
}
