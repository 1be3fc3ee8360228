/** sysexits.h: something that is needed is not to be had. */
const unavailableExitStatus = 69;

/** An address of this server, and the settings that name it. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly portSetting: string;
  /** Null where the host cannot be set. */
  readonly hostSetting: string | null;
}

/** The server cannot listen where it is told to. The message is one sentence for the operator: which setting, and what to do. */
export class ListenError extends Error {
  readonly exitStatus = unavailableExitStatus;

  constructor(message: string, options: { readonly cause: unknown }) {
    super(message, options);
    this.name = 'ListenError';
  }
}

/** The failure of a `listen` as a sentence for the operator; one that nobody foresaw comes back as it is. */
export function listenErrorOf<Failure>(error: Failure, address: ListenAddress): Failure | ListenError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  const sentence = typeof code === 'string' ? sentenceOf(code, address) : null;
  return sentence === null ? error : new ListenError(sentence, { cause: error });
}

function sentenceOf(code: string, { host, port, portSetting, hostSetting }: ListenAddress): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} (${portSetting}) is taken by another program: stop it, or set ${portSetting} to another.`;
    case 'EACCES':
      return `This user may not listen on port ${port} (${portSetting}): set ${portSetting} to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return hostSetting === null
        ? `This machine has no address ${host}, where port ${port} (${portSetting}) belongs: bring its network interface up.`
        : `This machine has no address ${host} (${hostSetting}): set ${hostSetting} to one that it has.`;
    default:
      return null;
  }
}
