// Imported first: an old Node gets one clear line instead of a stack trace from somewhere inside.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Waco needs Node 20.19 or newer; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}
