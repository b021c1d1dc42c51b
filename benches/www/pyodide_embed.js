// Pyodide in a frame as light as it can be: nothing of it is fetched before Run, and it stays for the next one.
const [button, program, output] = ["run", "program", "output"].map((id) => document.getElementById(id));
let worker;

button.onclick = () => {
  worker ??= new Worker(new URL("pyodide_worker.js", import.meta.url), { type: "module" });
  button.disabled = true;
  output.textContent = "";
  worker.onmessage = ({ data: { line, error } }) => {
    if (line !== undefined) output.append(`${line}\n`);
    else {
      if (error !== undefined) output.append(error);
      button.disabled = false;
    }
  };
  worker.postMessage(program.textContent);
};
