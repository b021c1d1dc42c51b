//! A tree of files in memory, behind `os` and `open`: it is there as long as the run. Each process has its own, which begins
//! as its parent's was when it was started.
//!
//! What is refused carries the name that `errno` has for it; `lib/posix.py` is the other side.

pub(crate) use module::{Tree, module_def};

#[vm::pymodule(name = "_interleave_files")]
mod module {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use interleave_trace::clock;
    use vm::builtins::{PyBaseExceptionRef, PyBytesRef, PyUtf8StrRef};
    use vm::function::ArgBytesLike;
    use vm::{AsObject, PyResult, VirtualMachine};

    use crate::modules::threads;

    type Number = u64;

    /// Why something was refused, as `errno` calls it.
    type Refused = &'static str;

    const ROOT: Number = 1;
    /// How many links a path may lead through.
    const LONGEST_CHAIN: u32 = 40;
    /// What is written there is gone.
    const NOTHING: &str = "/dev/null";
    /// Those below are the program's streams.
    const FIRST_DESCRIPTOR: i32 = 3;

    /// Bits of the flags of `open`, as `lib/posix.py` has them.
    mod flag {
        pub const WRITE: u32 = 1;
        pub const BOTH: u32 = 2;
        pub const CREATE: u32 = 0o100;
        pub const EXCLUSIVE: u32 = 0o200;
        pub const TRUNCATE: u32 = 0o1000;
        pub const APPEND: u32 = 0o2000;
        pub const DIRECTORY: u32 = 0o200_000;
    }

    enum Kind {
        Directory(BTreeMap<String, Number>),
        File(Vec<u8>),
        Link(String),
    }

    struct Node {
        kind: Kind,
        mode: u32,
        links: u32,
        /// Nanoseconds since the Unix epoch: read, changed, made otherwise.
        times: [u64; 3],
    }

    struct Open {
        node: Number,
        at: u64,
        flags: u32,
    }

    pub(crate) struct Tree {
        nodes: BTreeMap<Number, Node>,
        last: Number,
        open: BTreeMap<i32, Arc<Mutex<Open>>>,
        directory: String,
    }

    fn tree() -> MutexGuard<'static, Tree> {
        threads::files().lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
        open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now() -> u64 {
        (clock::origin() * 1e6) as u64 + clock::now().0
    }

    impl Kind {
        fn format(&self) -> u32 {
            match self {
                Self::Directory(_) => 0o040_000,
                Self::File(_) => 0o100_000,
                Self::Link(_) => 0o120_000,
            }
        }
    }

    /// Where a path leads: to a place in a directory, and what is there.
    struct Found {
        parent: Number,
        name: String,
        node: Option<Number>,
    }

    impl Default for Tree {
        fn default() -> Self {
            let mut tree = Self { nodes: BTreeMap::new(), last: 0, open: BTreeMap::new(), directory: "/".to_owned() };
            let root = tree.add(Kind::Directory(BTreeMap::new()), 0o755);
            for (name, mode) in [("tmp", 0o1777), ("home", 0o755)] {
                let node = tree.add(Kind::Directory(BTreeMap::new()), mode);
                tree.enter(root, name.to_owned(), node);
            }
            tree
        }
    }

    impl Tree {
        fn add(&mut self, kind: Kind, mode: u32) -> Number {
            self.last += 1;
            self.nodes.insert(self.last, Node { kind, mode, links: 0, times: [now(); 3] });
            self.last
        }

        fn node(&self, number: Number) -> Result<&Node, Refused> {
            self.nodes.get(&number).ok_or("ENOENT")
        }

        fn node_mut(&mut self, number: Number) -> Result<&mut Node, Refused> {
            self.nodes.get_mut(&number).ok_or("ENOENT")
        }

        fn entries(&self, number: Number) -> Result<&BTreeMap<String, Number>, Refused> {
            match &self.node(number)?.kind {
                Kind::Directory(entries) => Ok(entries),
                _ => Err("ENOTDIR"),
            }
        }

        /// Puts a node into a directory.
        fn enter(&mut self, parent: Number, name: String, node: Number) {
            if let Some(entered) = self.nodes.get_mut(&node) {
                entered.links += 1;
            }
            if let Some(Node { kind: Kind::Directory(entries), times, .. }) = self.nodes.get_mut(&parent) {
                entries.insert(name, node);
                times[1] = now();
            }
        }

        /// Takes a node out of a directory. What nobody has open either is gone.
        fn leave(&mut self, found: &Found) {
            if let Some(Node { kind: Kind::Directory(entries), times, .. }) = self.nodes.get_mut(&found.parent) {
                entries.remove(&found.name);
                times[1] = now();
            }
            if let Some(node) = found.node {
                if let Some(left) = self.nodes.get_mut(&node) {
                    left.links = left.links.saturating_sub(1);
                }
                self.drop_unused(node);
            }
        }

        fn drop_unused(&mut self, number: Number) {
            let is_open = self.open.values().any(|open| lock(open).node == number);
            if !is_open && number != ROOT && self.nodes.get(&number).is_some_and(|node| node.links == 0) {
                self.nodes.remove(&number);
            }
        }

        /// Follows a path. The last link in it is followed too if `follow` says so.
        fn find(&self, path: &str, follow: bool) -> Result<Found, Refused> {
            if path.is_empty() {
                return Err("ENOENT");
            }
            if path.contains('\0') {
                return Err("EINVAL");
            }
            let mut rest: Vec<String> = self.absolute(path).split('/').rev().map(str::to_owned).collect();
            let must_be_directory = path.ends_with('/');
            // The directories that lead to where we are.
            let mut way = vec![ROOT];
            let mut found = Found { parent: ROOT, name: String::new(), node: Some(ROOT) };
            let mut chain = 0;
            while let Some(part) = rest.pop() {
                if part.is_empty() || part == "." {
                    continue;
                }
                let here = found.node.ok_or("ENOENT")?;
                let entries = self.entries(here)?;
                if part == ".." {
                    way.pop();
                    let above = *way.last().unwrap_or(&ROOT);
                    if way.is_empty() {
                        way.push(ROOT);
                    }
                    found = Found { parent: above, name: String::new(), node: Some(above) };
                    continue;
                }
                let node = entries.get(&part).copied();
                let is_last = rest.iter().all(String::is_empty);
                if let Some(Kind::Link(target)) = node.and_then(|node| self.nodes.get(&node)).map(|node| &node.kind)
                    && (follow || !is_last)
                {
                    chain += 1;
                    if chain > LONGEST_CHAIN {
                        return Err("ELOOP");
                    }
                    if target.starts_with('/') {
                        way.truncate(1);
                        found = Found { parent: ROOT, name: String::new(), node: Some(ROOT) };
                    }
                    rest.extend(target.split('/').rev().map(str::to_owned));
                    continue;
                }
                if let Some(node) = node
                    && self.entries(node).is_ok()
                {
                    way.push(node);
                }
                found = Found { parent: here, name: part, node };
            }
            if must_be_directory && found.node.is_some_and(|node| self.entries(node).is_err()) {
                return Err("ENOTDIR");
            }
            Ok(found)
        }

        fn absolute(&self, path: &str) -> String {
            if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.directory) }
        }

        fn found(&self, path: &str, follow: bool) -> Result<Number, Refused> {
            self.find(path, follow)?.node.ok_or("ENOENT")
        }

        /// A place where something new may be.
        fn free_place(&self, path: &str) -> Result<Found, Refused> {
            let found = self.find(path, false)?;
            match found.node {
                Some(_) => Err("EEXIST"),
                None => Ok(found),
            }
        }

        fn make(&mut self, path: &str, kind: Kind, mode: u32) -> Result<Number, Refused> {
            let place = self.free_place(path)?;
            let node = self.add(kind, mode);
            self.enter(place.parent, place.name, node);
            Ok(node)
        }

        fn open(&mut self, path: &str, flags: u32, mode: u32) -> Result<i32, Refused> {
            if path == NOTHING {
                // A file that nobody else finds, and that is gone once it is closed.
                let node = self.add(Kind::File(Vec::new()), 0o666);
                return Ok(self.keep_open(Arc::new(Mutex::new(Open { node, at: 0, flags }))));
            }
            let found = self.find(path, true)?;
            let node = match found.node {
                Some(_) if flags & flag::CREATE != 0 && flags & flag::EXCLUSIVE != 0 => return Err("EEXIST"),
                Some(node) => node,
                None if flags & flag::CREATE == 0 => return Err("ENOENT"),
                None if path.ends_with('/') => return Err("EISDIR"),
                None => {
                    let node = self.add(Kind::File(Vec::new()), mode & 0o777);
                    self.enter(found.parent, found.name, node);
                    node
                }
            };
            let writes = flags & (flag::WRITE | flag::BOTH) != 0;
            match &mut self.node_mut(node)?.kind {
                Kind::Directory(_) if writes => return Err("EISDIR"),
                Kind::File(_) if flags & flag::DIRECTORY != 0 => return Err("ENOTDIR"),
                Kind::File(bytes) if writes && flags & flag::TRUNCATE != 0 => bytes.clear(),
                _ => {}
            }
            Ok(self.keep_open(Arc::new(Mutex::new(Open { node, at: 0, flags }))))
        }

        fn keep_open(&mut self, open: Arc<Mutex<Open>>) -> i32 {
            let free = (FIRST_DESCRIPTOR..).find(|descriptor| !self.open.contains_key(descriptor));
            let descriptor = free.unwrap_or(i32::MAX);
            self.open.insert(descriptor, open);
            descriptor
        }

        fn opened(&self, descriptor: i32) -> Result<Arc<Mutex<Open>>, Refused> {
            self.open.get(&descriptor).cloned().ok_or("EBADF")
        }

        fn read(&mut self, descriptor: i32, most: usize) -> Result<Vec<u8>, Refused> {
            let open = self.opened(descriptor)?;
            let mut open = lock(&open);
            if open.flags & flag::WRITE != 0 {
                return Err("EBADF");
            }
            let node = self.node_mut(open.node)?;
            node.times[0] = now();
            let Kind::File(bytes) = &node.kind else { return Err("EISDIR") };
            let from = usize::try_from(open.at).unwrap_or(usize::MAX).min(bytes.len());
            let read = bytes[from..bytes.len().min(from.saturating_add(most))].to_vec();
            open.at += read.len() as u64;
            Ok(read)
        }

        fn write(&mut self, descriptor: i32, written: &[u8]) -> Result<usize, Refused> {
            let open = self.opened(descriptor)?;
            let mut open = lock(&open);
            if open.flags & (flag::WRITE | flag::BOTH) == 0 {
                return Err("EBADF");
            }
            let node = self.node_mut(open.node)?;
            node.times[1] = now();
            let Kind::File(bytes) = &mut node.kind else { return Err("EISDIR") };
            let from = match open.flags & flag::APPEND {
                0 => usize::try_from(open.at).map_err(|_| "EFBIG")?,
                _ => bytes.len(),
            };
            let end = from.checked_add(written.len()).ok_or("EFBIG")?;
            resize(bytes, bytes.len().max(end))?;
            bytes[from..end].copy_from_slice(written);
            open.at = end as u64;
            Ok(written.len())
        }

        fn seek(&mut self, descriptor: i32, offset: i64, whence: u32) -> Result<u64, Refused> {
            let open = self.opened(descriptor)?;
            let mut open = lock(&open);
            let length = match &self.node(open.node)?.kind {
                Kind::File(bytes) => bytes.len() as u64,
                _ => 0,
            };
            let from = match whence {
                0 => 0,
                1 => open.at,
                2 => length,
                _ => return Err("EINVAL"),
            };
            open.at = from.checked_add_signed(offset).ok_or("EINVAL")?;
            Ok(open.at)
        }

        fn truncate(&mut self, node: Number, length: u64) -> Result<(), Refused> {
            let node = self.node_mut(node)?;
            node.times[1] = now();
            let Kind::File(bytes) = &mut node.kind else { return Err("EISDIR") };
            resize(bytes, usize::try_from(length).map_err(|_| "EFBIG")?)
        }

        fn close(&mut self, descriptor: i32) -> Result<(), Refused> {
            let open = self.open.remove(&descriptor).ok_or("EBADF")?;
            let node = lock(&open).node;
            self.drop_unused(node);
            Ok(())
        }

        fn remove(&mut self, path: &str, is_directory: bool) -> Result<(), Refused> {
            let found = self.find(path, false)?;
            let node = found.node.ok_or("ENOENT")?;
            match (&self.node(node)?.kind, is_directory) {
                (Kind::Directory(_), false) => return Err("EISDIR"),
                (Kind::Directory(entries), true) if !entries.is_empty() => return Err("ENOTEMPTY"),
                (Kind::Directory(_), true) if node == ROOT || found.name.is_empty() => return Err("EBUSY"),
                (Kind::File(_) | Kind::Link(_), true) => return Err("ENOTDIR"),
                _ => {}
            }
            self.leave(&found);
            Ok(())
        }

        fn rename(&mut self, from: &str, to: &str) -> Result<(), Refused> {
            let (from_found, to_found) = (self.find(from, false)?, self.find(to, false)?);
            let node = from_found.node.ok_or("ENOENT")?;
            if to_found.node == Some(node) {
                return Ok(());
            }
            let moves_directory = self.entries(node).is_ok();
            if moves_directory && (self.absolute(to) + "/").starts_with(&(self.absolute(from) + "/")) {
                return Err("EINVAL");
            }
            match to_found.node.map(|there| self.entries(there).map(BTreeMap::is_empty)) {
                Some(Ok(_)) if !moves_directory => return Err("EISDIR"),
                Some(Ok(false)) => return Err("ENOTEMPTY"),
                Some(Err(_)) if moves_directory => return Err("ENOTDIR"),
                Some(_) => self.leave(&to_found),
                None => {}
            }
            self.enter(to_found.parent, to_found.name, node);
            self.leave(&from_found);
            Ok(())
        }

        /// Everything below a directory, each directory before what is in it: path, mode and what is to be read there.
        fn listed(&self, directory: Number, path: &str, all: &mut Vec<(String, u32, Vec<u8>)>) -> Result<(), Refused> {
            for (name, number) in self.entries(directory)? {
                let (node, path) = (self.node(*number)?, format!("{path}/{name}"));
                let content = match &node.kind {
                    Kind::Directory(_) => Vec::new(),
                    Kind::File(bytes) => bytes.clone(),
                    Kind::Link(target) => target.clone().into_bytes(),
                };
                all.push((path.clone(), node.kind.format() | node.mode, content));
                if let Kind::Directory(_) = node.kind {
                    self.listed(*number, &path, all)?;
                }
            }
            Ok(())
        }

        fn told(&self, number: Number) -> Result<Told, Refused> {
            let node = self.node(number)?;
            let (links, size) = match &node.kind {
                Kind::Directory(entries) => (2, entries.len() as u64),
                Kind::File(bytes) => (node.links, bytes.len() as u64),
                Kind::Link(target) => (1, target.len() as u64),
            };
            let [read, changed, made] = node.times;
            Ok((node.kind.format() | node.mode, number, links, size, read, changed, made))
        }
    }

    /// Mode, number, links, size, and three times in nanoseconds.
    type Told = (u32, Number, u32, u64, u64, u64, u64);

    fn resize(bytes: &mut Vec<u8>, length: usize) -> Result<(), Refused> {
        bytes.try_reserve(length.saturating_sub(bytes.len())).map_err(|_| "ENOSPC")?;
        bytes.resize(length, 0);
        Ok(())
    }

    /// As an exception of the kind that `errno` says, with the path if there is one.
    fn raised(refused: Refused, paths: &[&PyUtf8StrRef], vm: &VirtualMachine) -> PyBaseExceptionRef {
        let make = || {
            let number = vm.import("errno", 0)?.get_attr(refused, vm)?;
            let posix = vm.import("posix", 0)?;
            let text = vm.call_method(&posix, "strerror", (number.clone(),))?;
            let mut arguments = vec![number, text];
            if let [first, rest @ ..] = paths {
                arguments.push((*first).clone().into());
                if let [second] = rest {
                    arguments.extend([vm.ctx.none(), (*second).clone().into()]);
                }
            }
            // It knows the class by the number; see errors.rs.
            vm.ctx.exceptions.os_error.as_object().call(arguments, vm)
        };
        match make() {
            Ok(exception) => match exception.downcast() {
                Ok(exception) => exception,
                Err(_) => vm.new_os_error(refused),
            },
            Err(error) => error,
        }
    }

    #[pyfunction]
    fn open(path: PyUtf8StrRef, flags: u32, mode: u32, vm: &VirtualMachine) -> PyResult<i32> {
        let opened = tree().open(path.as_str(), flags, mode);
        opened.map_err(|refused| raised(refused, &[&path], vm))
    }

    #[pyfunction]
    fn close(descriptor: i32, vm: &VirtualMachine) -> PyResult<()> {
        let closed = tree().close(descriptor);
        closed.map_err(|refused| raised(refused, &[], vm))
    }

    #[pyfunction]
    fn dup(descriptor: i32, vm: &VirtualMachine) -> PyResult<i32> {
        let mut tree = tree();
        let twice = tree.opened(descriptor).map(|open| tree.keep_open(open));
        drop(tree);
        twice.map_err(|refused| raised(refused, &[], vm))
    }

    /// The access that a descriptor was opened for: 0 to read, 1 to write, 2 for both.
    #[pyfunction]
    fn access_of(descriptor: i32, vm: &VirtualMachine) -> PyResult<u32> {
        let opened = tree().opened(descriptor);
        let open = opened.map_err(|refused| raised(refused, &[], vm))?;
        let flags = lock(&open).flags;
        Ok(flags & (flag::WRITE | flag::BOTH))
    }

    #[pyfunction]
    fn read(descriptor: i32, most: usize, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        let read = tree().read(descriptor, most);
        read.map(|bytes| vm.ctx.new_bytes(bytes)).map_err(|refused| raised(refused, &[], vm))
    }

    #[pyfunction]
    fn write(descriptor: i32, bytes: ArgBytesLike, vm: &VirtualMachine) -> PyResult<usize> {
        let written = bytes.with_ref(|bytes| tree().write(descriptor, bytes));
        written.map_err(|refused| raised(refused, &[], vm))
    }

    #[pyfunction]
    fn lseek(descriptor: i32, offset: i64, whence: u32, vm: &VirtualMachine) -> PyResult<u64> {
        let at = tree().seek(descriptor, offset, whence);
        at.map_err(|refused| raised(refused, &[], vm))
    }

    #[pyfunction]
    fn ftruncate(descriptor: i32, length: u64, vm: &VirtualMachine) -> PyResult<()> {
        let mut tree = tree();
        let done = tree.opened(descriptor).and_then(|open| {
            let node = lock(&open).node;
            tree.truncate(node, length)
        });
        drop(tree);
        done.map_err(|refused| raised(refused, &[], vm))
    }

    #[pyfunction]
    fn truncate(path: PyUtf8StrRef, length: u64, vm: &VirtualMachine) -> PyResult<()> {
        let mut tree = tree();
        let done = tree.found(path.as_str(), true).and_then(|node| tree.truncate(node, length));
        drop(tree);
        done.map_err(|refused| raised(refused, &[&path], vm))
    }

    #[pyfunction]
    fn stat(path: PyUtf8StrRef, follow: bool, vm: &VirtualMachine) -> PyResult<Vec<vm::PyObjectRef>> {
        let tree = tree();
        let told = tree.found(path.as_str(), follow).and_then(|node| tree.told(node));
        drop(tree);
        told.map(|told| numbers(told, vm)).map_err(|refused| raised(refused, &[&path], vm))
    }

    #[pyfunction]
    fn fstat(descriptor: i32, vm: &VirtualMachine) -> PyResult<Vec<vm::PyObjectRef>> {
        let tree = tree();
        let told = tree.opened(descriptor).and_then(|open| {
            let node = lock(&open).node;
            tree.told(node)
        });
        drop(tree);
        told.map(|told| numbers(told, vm)).map_err(|refused| raised(refused, &[], vm))
    }

    fn numbers((mode, number, links, size, read, changed, made): Told, vm: &VirtualMachine) -> Vec<vm::PyObjectRef> {
        let all = [u64::from(mode), number, u64::from(links), size, read, changed, made];
        all.into_iter().map(|number| vm.ctx.new_int(number).into()).collect()
    }

    /// The entries of a directory: name, kind as in a mode, and number of each.
    #[pyfunction]
    fn entries(path: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Vec<vm::PyObjectRef>> {
        let tree = tree();
        let listed = tree.found(path.as_str(), true).and_then(|node| {
            let entries = tree.entries(node)?.iter();
            entries.map(|(name, node)| Ok((name.clone(), tree.node(*node)?.kind.format(), *node))).collect()
        });
        drop(tree);
        let listed: Vec<(String, u32, Number)> = listed.map_err(|refused| raised(refused, &[&path], vm))?;
        let entry = |(name, kind, number): (String, u32, Number)| {
            let (kind, number) = (vm.ctx.new_int(kind).into(), vm.ctx.new_int(number).into());
            vm.ctx.new_tuple(vec![vm.ctx.new_str(name).into(), kind, number]).into()
        };
        Ok(listed.into_iter().map(entry).collect())
    }

    #[pyfunction]
    fn mkdir(path: PyUtf8StrRef, mode: u32, vm: &VirtualMachine) -> PyResult<()> {
        let made = tree().make(path.as_str(), Kind::Directory(BTreeMap::new()), mode & 0o7777);
        made.map(drop).map_err(|refused| raised(refused, &[&path], vm))
    }

    #[pyfunction]
    fn symlink(target: PyUtf8StrRef, path: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
        let made = tree().make(path.as_str(), Kind::Link(target.as_str().to_owned()), 0o777);
        made.map(drop).map_err(|refused| raised(refused, &[&target, &path], vm))
    }

    #[pyfunction]
    fn link(from: PyUtf8StrRef, to: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
        let mut tree = tree();
        let done = tree.found(from.as_str(), false).and_then(|node| {
            if tree.entries(node).is_ok() {
                return Err("EPERM");
            }
            let place = tree.free_place(to.as_str())?;
            tree.enter(place.parent, place.name, node);
            Ok(())
        });
        drop(tree);
        done.map_err(|refused| raised(refused, &[&from, &to], vm))
    }

    #[pyfunction]
    fn readlink(path: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<String> {
        let tree = tree();
        let target = tree.found(path.as_str(), false).and_then(|node| match &tree.node(node)?.kind {
            Kind::Link(target) => Ok(target.clone()),
            _ => Err("EINVAL"),
        });
        drop(tree);
        target.map_err(|refused| raised(refused, &[&path], vm))
    }

    #[pyfunction]
    fn unlink(path: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
        let removed = tree().remove(path.as_str(), false);
        removed.map_err(|refused| raised(refused, &[&path], vm))
    }

    #[pyfunction]
    fn rmdir(path: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
        let removed = tree().remove(path.as_str(), true);
        removed.map_err(|refused| raised(refused, &[&path], vm))
    }

    #[pyfunction]
    fn rename(from: PyUtf8StrRef, to: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
        let renamed = tree().rename(from.as_str(), to.as_str());
        renamed.map_err(|refused| raised(refused, &[&from, &to], vm))
    }

    #[pyfunction]
    fn chmod(path: PyUtf8StrRef, mode: u32, vm: &VirtualMachine) -> PyResult<()> {
        let mut tree = tree();
        let found = tree.found(path.as_str(), true);
        let done = found.and_then(|node| tree.node_mut(node).map(|node| node.mode = mode & 0o7777));
        drop(tree);
        done.map_err(|refused| raised(refused, &[&path], vm))
    }

    /// Sets when a file was read and changed, or that it was just now.
    #[pyfunction]
    fn utime(path: PyUtf8StrRef, read: Option<u64>, changed: Option<u64>, vm: &VirtualMachine) -> PyResult<()> {
        let mut tree = tree();
        let found = tree.found(path.as_str(), true);
        let set = |node: &mut Node| {
            node.times[0] = read.unwrap_or_else(now);
            node.times[1] = changed.unwrap_or_else(now);
        };
        let done = found.and_then(|node| tree.node_mut(node).map(set));
        drop(tree);
        done.map_err(|refused| raised(refused, &[&path], vm))
    }

    #[pyfunction]
    fn getcwd() -> String {
        tree().directory.clone()
    }

    #[pyfunction]
    fn chdir(path: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
        let mut tree = tree();
        let done = tree.found(path.as_str(), true).and_then(|node| tree.entries(node).map(drop));
        if done.is_ok() {
            let mut parts = Vec::new();
            for part in tree.absolute(path.as_str()).split('/') {
                match part {
                    "" | "." => {}
                    ".." => drop(parts.pop()),
                    part => parts.push(part.to_owned()),
                }
            }
            tree.directory = format!("/{}", parts.join("/"));
        }
        drop(tree);
        done.map_err(|refused| raised(refused, &[&path], vm))
    }

    /// Everything in the tree, each to be given to [`restore`] in another process. What has two names there is two files.
    #[pyfunction]
    fn snapshot(vm: &VirtualMachine) -> PyResult<Vec<vm::PyObjectRef>> {
        let mut all = Vec::new();
        let listed = tree().listed(ROOT, "", &mut all);
        listed.map_err(|refused| raised(refused, &[], vm))?;
        let entry = |(path, mode, content): (String, u32, Vec<u8>)| {
            let (mode, content) = (vm.ctx.new_int(mode).into(), vm.ctx.new_bytes(content).into());
            vm.ctx.new_tuple(vec![vm.ctx.new_str(path).into(), mode, content]).into()
        };
        Ok(all.into_iter().map(entry).collect())
    }

    /// Makes one of what [`snapshot`] gave, in a tree that has nothing else yet.
    #[pyfunction]
    fn restore(path: PyUtf8StrRef, mode: u32, content: PyBytesRef, vm: &VirtualMachine) -> PyResult<()> {
        let kind = match mode & 0o170_000 {
            0o040_000 => Kind::Directory(BTreeMap::new()),
            0o120_000 => Kind::Link(String::from_utf8_lossy(content.as_bytes()).into_owned()),
            _ => Kind::File(content.as_bytes().to_vec()),
        };
        match tree().make(path.as_str(), kind, mode & 0o7777) {
            // The directories that every tree begins with.
            Ok(_) | Err("EEXIST") => Ok(()),
            Err(refused) => Err(raised(refused, &[&path], vm)),
        }
    }

    /// Puts a file where a path says, with the directories that lead there.
    #[pyfunction]
    fn put(path: PyUtf8StrRef, bytes: ArgBytesLike, vm: &VirtualMachine) -> PyResult<()> {
        let mut tree = tree();
        let whole = tree.absolute(path.as_str());
        for (at, _) in whole.match_indices('/').skip(1) {
            // What is there already is as good.
            let _there = tree.make(&whole[..at], Kind::Directory(BTreeMap::new()), 0o755);
        }
        let opened = tree.open(&whole, flag::WRITE | flag::CREATE | flag::TRUNCATE, 0o644);
        let done = opened.and_then(|descriptor| {
            let written = bytes.with_ref(|bytes| tree.write(descriptor, bytes));
            tree.close(descriptor).and(written)
        });
        drop(tree);
        done.map(drop).map_err(|refused| raised(refused, &[&path], vm))
    }
}
