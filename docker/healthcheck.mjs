// What the image's HEALTHCHECK runs: ends with 0 where this container's own server is ready. No shell and no curl is needed for it.
const { PORT = '4000', HOST = '127.0.0.1' } = process.env;
const isAny = HOST === '0.0.0.0' || HOST === '::';
const host = isAny ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST;
try {
  const { ok } = await fetch(`http://${host}:${PORT}/readyz`, { signal: AbortSignal.timeout(4000) });
  process.exitCode = ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
