// Put before www/worker.js where Python counts what it does: what its build keeps that nobody calls wants imports that
// nobody gives, and what has counted can be found. See xtask/src/profile.rs.
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (module, imports) => {
  const given = { ...imports };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function" && !given[from]?.[name]) given[from] = { ...given[from], [name]: () => 0 };
  }
  const instance = await instantiate(module, given);
  if (instance.exports.interleave_counts) self.counting = instance.exports;
  return instance;
};
