//! A manager: a process that keeps objects for others, which use them through proxies.
//!
//! ```text
//!  a process         the manager's process
//!  proxy -- request over this process's pipe -->  the object
//!        <-- answer, at once or when it can be given
//! ```
//! A proxy is plain data, so it can be sent anywhere. A process that uses one for the first time makes a pipe of its own
//! to the manager. What cannot be answered yet (a lock that is taken, a queue that is empty) waits in the manager, which
//! goes on answering others.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use interleave_trace::clock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::connection::{Connection, both_ways};
use super::{Process, ProcessError, SimpleQueue, Started, from_bytes, to_bytes};
use crate::rt::{SyncError, Wait};
use crate::segment::{ProcessBlock, Source, wait_for_any};
use crate::span::Title;

/// A value as the manager keeps it.
type Bytes = Vec<u8>;

/// What can be asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Ask {
    Make(Kind),
    Stop,
    Get(Bytes),
    Set(Bytes, Bytes),
    Remove(Bytes),
    Keys,
    Items,
    Length,
    Clear,
    At(u32),
    SetAt(u32, Bytes),
    Push(Bytes),
    Pop,
    Put { item: Bytes, timeout_ns: Option<u64> },
    Take { timeout_ns: Option<u64> },
    Acquire { timeout_ns: Option<u64> },
    Release,
    Raise,
    Lower,
    IsSet,
    Wait { timeout_ns: Option<u64> },
    Load,
    Store(Bytes),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Kind {
    Dict,
    List,
    Queue { most: u32 },
    Lock,
    Event,
    Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Answer {
    Made(u32),
    Done,
    Nothing,
    Is(bool),
    Number(u32),
    Value(Bytes),
    Values(Vec<Bytes>),
    Pairs(Vec<(Bytes, Bytes)>),
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Refusal {
    Empty,
    Full,
    NotHeld,
    Outside { at: u64, length: u64 },
    Gone,
}

impl From<Refusal> for ProcessError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Empty => SyncError::Empty.into(),
            Refusal::Full => SyncError::Full.into(),
            Refusal::NotHeld => SyncError::NotHeld.into(),
            Refusal::Outside { at, length } => Self::OutOfBounds { at, length },
            Refusal::Gone => Self::Gone,
        }
    }
}

enum Object {
    Dict(BTreeMap<Bytes, Bytes>),
    List(Vec<Bytes>),
    Queue { items: VecDeque<Bytes>, most: u32 },
    Lock { is_held: bool },
    Event { is_set: bool },
    Value(Bytes),
}

impl Object {
    /// Does what is asked, or gives nothing if that has to wait.
    fn answer(&mut self, ask: &Ask) -> Option<Answer> {
        let outside =
            |at: u32, length: usize| Answer::Refused(Refusal::Outside { at: at.into(), length: length as u64 });
        let value = |value: Option<&Bytes>| value.map_or(Answer::Nothing, |value| Answer::Value(value.clone()));
        Some(match (self, ask) {
            (Self::Dict(dict), Ask::Get(key)) => value(dict.get(key)),
            (Self::Dict(dict), Ask::Set(key, new)) => {
                dict.insert(key.clone(), new.clone());
                Answer::Done
            }
            (Self::Dict(dict), Ask::Remove(key)) => dict.remove(key).map_or(Answer::Nothing, Answer::Value),
            (Self::Dict(dict), Ask::Keys) => Answer::Values(dict.keys().cloned().collect()),
            (Self::Dict(dict), Ask::Items) => {
                Answer::Pairs(dict.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
            }
            (Self::Dict(dict), Ask::Length) => Answer::Number(dict.len() as u32),
            (Self::Dict(dict), Ask::Clear) => {
                dict.clear();
                Answer::Done
            }
            (Self::List(list), Ask::At(at)) => {
                list.get(*at as usize).map_or(outside(*at, list.len()), |value| Answer::Value(value.clone()))
            }
            (Self::List(list), Ask::SetAt(at, new)) => {
                let length = list.len();
                match list.get_mut(*at as usize) {
                    Some(value) => {
                        value.clone_from(new);
                        Answer::Done
                    }
                    None => outside(*at, length),
                }
            }
            (Self::List(list), Ask::Push(item)) => {
                list.push(item.clone());
                Answer::Done
            }
            (Self::List(list), Ask::Pop) => list.pop().map_or(Answer::Nothing, Answer::Value),
            (Self::List(list), Ask::Items) => Answer::Values(list.clone()),
            (Self::List(list), Ask::Length) => Answer::Number(list.len() as u32),
            (Self::Queue { items, most }, Ask::Put { item, .. }) => {
                if *most > 0 && items.len() >= *most as usize {
                    return None;
                }
                items.push_back(item.clone());
                Answer::Done
            }
            (Self::Queue { items, .. }, Ask::Take { .. }) => Answer::Value(items.pop_front()?),
            (Self::Queue { items, .. }, Ask::Length) => Answer::Number(items.len() as u32),
            (Self::Lock { is_held }, Ask::Acquire { .. }) => {
                if std::mem::replace(is_held, true) {
                    return None;
                }
                Answer::Is(true)
            }
            (Self::Lock { is_held }, Ask::Release) => match std::mem::replace(is_held, false) {
                true => Answer::Done,
                false => Answer::Refused(Refusal::NotHeld),
            },
            (Self::Event { is_set }, Ask::Raise) => {
                *is_set = true;
                Answer::Done
            }
            (Self::Event { is_set }, Ask::Lower) => {
                *is_set = false;
                Answer::Done
            }
            (Self::Event { is_set }, Ask::IsSet) => Answer::Is(*is_set),
            (Self::Event { is_set }, Ask::Wait { .. }) => (*is_set).then_some(Answer::Is(true))?,
            (Self::Value(value), Ask::Load) => Answer::Value(value.clone()),
            (Self::Value(value), Ask::Store(new)) => {
                value.clone_from(new);
                Answer::Done
            }
            _ => Answer::Refused(Refusal::Gone),
        })
    }
}

impl Ask {
    /// How long it may wait in the manager.
    fn timeout_ns(&self) -> Option<u64> {
        match self {
            Self::Put { timeout_ns, .. }
            | Self::Take { timeout_ns }
            | Self::Acquire { timeout_ns }
            | Self::Wait { timeout_ns } => *timeout_ns,
            _ => None,
        }
    }

    /// What is answered once it has waited long enough.
    fn too_late(&self) -> Answer {
        match self {
            Self::Put { .. } => Answer::Refused(Refusal::Full),
            Self::Take { .. } => Answer::Refused(Refusal::Empty),
            _ => Answer::Is(false),
        }
    }
}

/// What waits in the manager.
struct Pending {
    client: usize,
    object: u32,
    ask: Ask,
    end_ns: Option<u64>,
}

struct Server {
    objects: HashMap<u32, Object>,
    made: u32,
    clients: Vec<Option<Connection>>,
    pending: Vec<Pending>,
}

/// The manager's process.
fn serve(arrivals: SimpleQueue<Connection>) -> Result<(), ProcessError> {
    let mut server = Server { objects: HashMap::new(), made: 0, clients: Vec::new(), pending: Vec::new() };
    loop {
        let (places, mut sources): (Vec<usize>, Vec<Source>) = server
            .clients
            .iter()
            .enumerate()
            .filter_map(|(place, client)| Some((place, Source::pipe(client.as_ref()?.end()))))
            .unzip();
        sources.push(Source::queue(*arrivals.core()));
        let end = server.pending.iter().filter_map(|pending| pending.end_ns).min();
        let left = end.map(|end| Duration::from_nanos(end.saturating_sub(clock::now().0)));
        let ready = wait_for_any(&sources, &Wait { timeout: left, ..Wait::forever() })?;
        for at in ready {
            match places.get(at) {
                Some(client) => {
                    if server.hear(*client)? {
                        return Ok(());
                    }
                }
                None => server.clients.push(Some(arrivals.get()?)),
            }
        }
        server.look_at_pending()?;
    }
}

impl Server {
    /// Takes one request of a client. Gives whether the manager is to stop.
    fn hear(&mut self, client: usize) -> Result<bool, ProcessError> {
        let Some(connection) = self.clients.get(client).and_then(Option::as_ref) else { return Ok(false) };
        let (object, ask): (u32, Ask) = match connection.receive() {
            Ok(request) => request,
            Err(ProcessError::EndOfFile) => {
                self.clients[client] = None;
                self.pending.retain(|pending| pending.client != client);
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let answer = match ask {
            Ask::Stop => {
                self.tell(client, &Answer::Done)?;
                return Ok(true);
            }
            Ask::Make(kind) => Some(self.make(kind)),
            _ => match self.objects.get_mut(&object) {
                Some(kept) => kept.answer(&ask),
                None => Some(Answer::Refused(Refusal::Gone)),
            },
        };
        match answer {
            Some(answer) => self.tell(client, &answer)?,
            None => {
                let end_ns = ask.timeout_ns().map(|ns| clock::now().0.saturating_add(ns));
                self.pending.push(Pending { client, object, ask, end_ns });
            }
        }
        Ok(false)
    }

    fn make(&mut self, kind: Kind) -> Answer {
        self.made += 1;
        let object = match kind {
            Kind::Dict => Object::Dict(BTreeMap::new()),
            Kind::List => Object::List(Vec::new()),
            Kind::Queue { most } => Object::Queue { items: VecDeque::new(), most },
            Kind::Lock => Object::Lock { is_held: false },
            Kind::Event => Object::Event { is_set: false },
            Kind::Value => Object::Value(Vec::new()),
        };
        self.objects.insert(self.made, object);
        Answer::Made(self.made)
    }

    /// Answers what can be answered now, the oldest first, and what has waited long enough.
    fn look_at_pending(&mut self) -> Result<(), ProcessError> {
        let mut went_on = true;
        while went_on {
            went_on = false;
            for pending in std::mem::take(&mut self.pending) {
                let object = self.objects.get_mut(&pending.object);
                match object.and_then(|object| object.answer(&pending.ask)) {
                    Some(answer) => {
                        went_on = true;
                        self.tell(pending.client, &answer)?;
                    }
                    None if pending.end_ns.is_some_and(|end| end <= clock::now().0) => {
                        self.tell(pending.client, &pending.ask.too_late())?;
                    }
                    None => self.pending.push(pending),
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, client: usize, answer: &Answer) -> Result<(), ProcessError> {
        let Some(connection) = self.clients.get(client).and_then(Option::as_ref) else { return Ok(()) };
        match connection.send(answer) {
            // Who asked is gone.
            Err(ProcessError::BrokenPipe) => {
                self.clients[client] = None;
                Ok(())
            }
            told => told,
        }
    }
}

thread_local! {
    /// The pipes of this thread to managers, by the queue at which a manager hears of new ones.
    static PIPES: RefCell<HashMap<[u32; 2], Rc<Connection>>> = RefCell::default();
}

/// An object in a manager.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proxy {
    arrivals: SimpleQueue<Connection>,
    process: ProcessBlock,
    object: u32,
}

impl Proxy {
    fn pipe(&self) -> Result<Rc<Connection>, ProcessError> {
        let manager = self.arrivals.core().to_words();
        if let Some(pipe) = PIPES.with_borrow(|pipes| pipes.get(&manager).cloned()) {
            return Ok(pipe);
        }
        let (here, there) = both_ways(Title::new("manager"))?;
        self.arrivals.put(&there)?;
        let pipe = Rc::new(here);
        PIPES.with_borrow_mut(|pipes| pipes.insert(manager, pipe.clone()));
        Ok(pipe)
    }

    #[track_caller]
    fn ask(&self, ask: &Ask) -> Result<Answer, ProcessError> {
        let pipe = self.pipe()?;
        let asked = pipe.send(&(self.object, ask)).and_then(|()| self.hear(&pipe));
        match asked {
            Ok(Answer::Refused(refusal)) => Err(refusal.into()),
            Ok(answer) => Ok(answer),
            // The manager is over, and all it kept with it.
            Err(ProcessError::EndOfFile | ProcessError::BrokenPipe) => Err(ProcessError::Gone),
            Err(error) => Err(error),
        }
    }

    /// Waits for the answer, as long as there is somebody who could give it.
    #[track_caller]
    fn hear(&self, pipe: &Connection) -> Result<Answer, ProcessError> {
        let sources = [Source::pipe(pipe.end()), Source::process(self.process)];
        match wait_for_any(&sources, &Wait::forever())?.first() {
            Some(0) => pipe.receive(),
            _ => Err(ProcessError::Gone),
        }
    }

    #[track_caller]
    fn value<T: DeserializeOwned>(&self, ask: &Ask) -> Result<Option<T>, ProcessError> {
        match self.ask(ask)? {
            Answer::Value(bytes) => from_bytes(&bytes).map(Some),
            Answer::Nothing => Ok(None),
            _ => Err(ProcessError::Unreadable),
        }
    }

    #[track_caller]
    fn values<T: DeserializeOwned>(&self, ask: &Ask) -> Result<Vec<T>, ProcessError> {
        match self.ask(ask)? {
            Answer::Values(values) => values.iter().map(|bytes| from_bytes(bytes)).collect(),
            _ => Err(ProcessError::Unreadable),
        }
    }

    #[track_caller]
    fn number(&self, ask: &Ask) -> Result<u32, ProcessError> {
        match self.ask(ask)? {
            Answer::Number(number) => Ok(number),
            _ => Err(ProcessError::Unreadable),
        }
    }

    #[track_caller]
    fn is(&self, ask: &Ask) -> Result<bool, ProcessError> {
        match self.ask(ask)? {
            Answer::Is(it) => Ok(it),
            _ => Err(ProcessError::Unreadable),
        }
    }

    #[track_caller]
    fn done(&self, ask: &Ask) -> Result<(), ProcessError> {
        self.ask(ask).map(|_| ())
    }
}

/// Keeps objects in a process of its own until it is dropped.
pub struct Manager {
    process: Started,
    itself: Proxy,
}

impl Manager {
    /// Starts one.
    pub fn start() -> Result<Self, ProcessError> {
        let arrivals = SimpleQueue::new(Title::new("arrivals"))?;
        let process = Process::new(Title::new("manager"), serve, arrivals.clone()).daemon().start()?;
        Ok(Self { process, itself: Proxy { arrivals, process: process.block(), object: 0 } })
    }

    fn make(&self, kind: Kind) -> Result<Proxy, ProcessError> {
        match self.itself.ask(&Ask::Make(kind))? {
            Answer::Made(object) => Ok(Proxy { object, ..self.itself.clone() }),
            _ => Err(ProcessError::Unreadable),
        }
    }

    /// A new dict.
    pub fn dict<K, V>(&self) -> Result<DictProxy<K, V>, ProcessError> {
        Ok(DictProxy { proxy: self.make(Kind::Dict)?, kind: PhantomData })
    }

    /// A new list.
    pub fn list<T>(&self) -> Result<ListProxy<T>, ProcessError> {
        Ok(ListProxy { proxy: self.make(Kind::List)?, kind: PhantomData })
    }

    /// A new namespace: values of any type by name.
    pub fn namespace(&self) -> Result<NamespaceProxy, ProcessError> {
        Ok(NamespaceProxy { proxy: self.make(Kind::Dict)? })
    }

    /// A new queue for so many items at a time; 0 is any number.
    pub fn queue<T>(&self, most: u32) -> Result<QueueProxy<T>, ProcessError> {
        Ok(QueueProxy { proxy: self.make(Kind::Queue { most })?, kind: PhantomData })
    }

    /// A new lock.
    pub fn lock(&self) -> Result<LockProxy, ProcessError> {
        Ok(LockProxy { proxy: self.make(Kind::Lock)? })
    }

    /// A new event.
    pub fn event(&self) -> Result<EventProxy, ProcessError> {
        Ok(EventProxy { proxy: self.make(Kind::Event)? })
    }

    /// A new value.
    #[track_caller]
    pub fn value<T: Serialize + DeserializeOwned>(&self, value: &T) -> Result<ValueProxy<T>, ProcessError> {
        let proxy = ValueProxy { proxy: self.make(Kind::Value)?, kind: PhantomData };
        proxy.set(value)?;
        Ok(proxy)
    }

    /// Its process.
    pub fn process(&self) -> &Started {
        &self.process
    }

    /// Ends it, with all that it keeps.
    pub fn shutdown(&self) -> Result<(), ProcessError> {
        if self.process.is_alive()? {
            match self.itself.ask(&Ask::Stop) {
                Ok(_) | Err(ProcessError::Gone) => {}
                Err(error) => return Err(error),
            }
        }
        PIPES.with_borrow_mut(|pipes| pipes.remove(&self.itself.arrivals.core().to_words()));
        self.process.join().map(|_| ())
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        if self.shutdown().is_err() {
            // It answers no more, so it is ended where it is; if that fails too it goes with the run.
            let _ended = self.process.terminate();
        }
    }
}

macro_rules! proxies {
    ($($(#[$doc:meta])* $name:ident $(<$($type:ident),*>)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(bound = "")]
        pub struct $name$(<$($type),*>)? {
            proxy: Proxy,
            $(kind: PhantomData<fn($($type),*)>,)?
        }

        impl$(<$($type),*>)? Clone for $name$(<$($type),*>)? {
            fn clone(&self) -> Self {
                Self { proxy: self.proxy.clone(), $(kind: PhantomData::<fn($($type),*)>)? }
            }
        }
    )*};
}

proxies! {
    /// A dict in a manager.
    DictProxy<K, V>;
    /// A list in a manager.
    ListProxy<T>;
    /// Values of any type by name, in a manager.
    NamespaceProxy;
    /// A queue in a manager.
    QueueProxy<T>;
    /// A lock in a manager, which anybody may release.
    LockProxy;
    /// An event in a manager.
    EventProxy;
    /// A value in a manager.
    ValueProxy<T>;
}

impl<K: Serialize + DeserializeOwned, V: Serialize + DeserializeOwned> DictProxy<K, V> {
    /// The value of a key.
    #[track_caller]
    pub fn get(&self, key: &K) -> Result<Option<V>, ProcessError> {
        self.proxy.value(&Ask::Get(to_bytes(key)?))
    }

    /// Gives a key a value. Between a `get` and this anybody may come in between.
    #[track_caller]
    pub fn set(&self, key: &K, value: &V) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Set(to_bytes(key)?, to_bytes(value)?))
    }

    /// Takes a key out, and gives its value.
    #[track_caller]
    pub fn remove(&self, key: &K) -> Result<Option<V>, ProcessError> {
        self.proxy.value(&Ask::Remove(to_bytes(key)?))
    }

    /// All keys.
    #[track_caller]
    pub fn keys(&self) -> Result<Vec<K>, ProcessError> {
        self.proxy.values(&Ask::Keys)
    }

    /// All keys with their values.
    #[track_caller]
    pub fn items(&self) -> Result<Vec<(K, V)>, ProcessError> {
        match self.proxy.ask(&Ask::Items)? {
            Answer::Pairs(pairs) => {
                pairs.iter().map(|(key, value)| Ok((from_bytes(key)?, from_bytes(value)?))).collect()
            }
            _ => Err(ProcessError::Unreadable),
        }
    }

    /// How many keys there are.
    #[track_caller]
    pub fn length(&self) -> Result<u32, ProcessError> {
        self.proxy.number(&Ask::Length)
    }

    /// Takes all keys out.
    #[track_caller]
    pub fn clear(&self) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Clear)
    }
}

impl<T: Serialize + DeserializeOwned> ListProxy<T> {
    /// The item at a place.
    #[track_caller]
    pub fn get(&self, at: u32) -> Result<T, ProcessError> {
        self.proxy.value(&Ask::At(at))?.ok_or(ProcessError::Unreadable)
    }

    /// Changes the item at a place.
    #[track_caller]
    pub fn set(&self, at: u32, item: &T) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::SetAt(at, to_bytes(item)?))
    }

    /// Puts an item at the end.
    #[track_caller]
    pub fn push(&self, item: &T) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Push(to_bytes(item)?))
    }

    /// Takes the last item.
    #[track_caller]
    pub fn pop(&self) -> Result<Option<T>, ProcessError> {
        self.proxy.value(&Ask::Pop)
    }

    /// How many items there are.
    #[track_caller]
    pub fn length(&self) -> Result<u32, ProcessError> {
        self.proxy.number(&Ask::Length)
    }

    /// All items.
    #[track_caller]
    pub fn to_vec(&self) -> Result<Vec<T>, ProcessError> {
        self.proxy.values(&Ask::Items)
    }
}

impl NamespaceProxy {
    /// The value of a name.
    #[track_caller]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ProcessError> {
        self.proxy.value(&Ask::Get(name.as_bytes().to_vec()))
    }

    /// Gives a name a value.
    #[track_caller]
    pub fn set(&self, name: &str, value: &impl Serialize) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Set(name.as_bytes().to_vec(), to_bytes(value)?))
    }
}

/// As a number of nanoseconds, for ever if it is longer than anybody waits.
fn in_ns(timeout: Duration) -> Option<u64> {
    u64::try_from(timeout.as_nanos()).ok()
}

impl<T: Serialize + DeserializeOwned> QueueProxy<T> {
    /// Puts an item in; waits for room.
    #[track_caller]
    pub fn put(&self, item: &T) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Put { item: to_bytes(item)?, timeout_ns: None })
    }

    /// Puts an item in if there is room in time.
    #[track_caller]
    pub fn put_within(&self, item: &T, timeout: Duration) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Put { item: to_bytes(item)?, timeout_ns: in_ns(timeout) })
    }

    /// Takes the first item; waits for one.
    #[track_caller]
    pub fn get(&self) -> Result<T, ProcessError> {
        self.proxy.value(&Ask::Take { timeout_ns: None })?.ok_or(ProcessError::Unreadable)
    }

    /// Takes the first item if there is one in time.
    #[track_caller]
    pub fn get_within(&self, timeout: Duration) -> Result<T, ProcessError> {
        self.proxy.value(&Ask::Take { timeout_ns: in_ns(timeout) })?.ok_or(ProcessError::Unreadable)
    }

    /// How many items are in it.
    #[track_caller]
    pub fn length(&self) -> Result<u32, ProcessError> {
        self.proxy.number(&Ask::Length)
    }
}

impl LockProxy {
    /// Takes it.
    #[track_caller]
    pub fn acquire(&self) -> Result<(), ProcessError> {
        self.proxy.is(&Ask::Acquire { timeout_ns: None }).map(|_| ())
    }

    /// Takes it if that is possible in time. Gives whether it was taken.
    #[track_caller]
    pub fn acquire_within(&self, timeout: Duration) -> Result<bool, ProcessError> {
        self.proxy.is(&Ask::Acquire { timeout_ns: in_ns(timeout) })
    }

    /// Gives it back.
    #[track_caller]
    pub fn release(&self) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Release)
    }
}

impl EventProxy {
    /// Sets it.
    #[track_caller]
    pub fn set(&self) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Raise)
    }

    /// Takes it back.
    #[track_caller]
    pub fn clear(&self) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Lower)
    }

    /// Whether it is set.
    #[track_caller]
    pub fn is_set(&self) -> Result<bool, ProcessError> {
        self.proxy.is(&Ask::IsSet)
    }

    /// Waits until it is set.
    #[track_caller]
    pub fn wait(&self) -> Result<(), ProcessError> {
        self.proxy.is(&Ask::Wait { timeout_ns: None }).map(|_| ())
    }

    /// Waits for so long at most. Gives whether it was set.
    #[track_caller]
    pub fn wait_within(&self, timeout: Duration) -> Result<bool, ProcessError> {
        self.proxy.is(&Ask::Wait { timeout_ns: in_ns(timeout) })
    }
}

impl<T: Serialize + DeserializeOwned> ValueProxy<T> {
    /// What it is now.
    #[track_caller]
    pub fn get(&self) -> Result<T, ProcessError> {
        self.proxy.value(&Ask::Load)?.ok_or(ProcessError::Unreadable)
    }

    /// Changes it.
    #[track_caller]
    pub fn set(&self, value: &T) -> Result<(), ProcessError> {
        self.proxy.done(&Ask::Store(to_bytes(value)?))
    }
}
