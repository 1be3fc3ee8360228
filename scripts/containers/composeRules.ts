import { BlockList } from 'node:net';
import { listOf, nodeOf, textOf, textsOf, type Deployment, type Node } from './deployment';
import { holdsSecret, imageProblem, settingProblems, type Rule } from './rule';

const place = 'docker/compose.yaml';
/** The one service that is reached from outside, and by which ports. */
const edge = { service: 'nginx', ports: ['80', '443'] };
/** Services that have no way out: what they know leaves with whoever asked for it. */
const inner = ['postgres', 'redis'];

/** Kept beside the secrets, and none: whoever connects is shown it. */
const certificate = /\/(internal_ca|\w+_cert)$/;

/** What every service of docker/compose.yaml has to be. */
export const composeRules: readonly Rule[] = [
  {
    name: 'compose-image-pinned',
    reason: 'a tag is whatever its owner makes of it tomorrow; a digest is what was looked at',
    find: each((service) => {
      if (service['build'] !== undefined) return [];
      const problem = imageProblem(String(service['image']));
      return problem === null ? [] : [problem];
    }),
  },
  {
    name: 'compose-published-ports',
    reason: 'a port that is published is open to everybody: Docker opens it before the firewall of most hosts is asked',
    find: each((service, name) => {
      const ports = listOf(service['ports']).map(hostPort);
      if (name !== edge.service) return ports.length === 0 ? [] : [`publishes ${ports.join(', ')}`];
      const others = ports.filter((port) => !edge.ports.includes(port));
      return others.length === 0 ? [] : [`publishes ${others.join(', ')} besides ${edge.ports.join(' and ')}`];
    }),
  },
  {
    name: 'compose-inner-networks',
    reason: 'the database and Redis neither reach the internet nor are reached from it, nor by nginx',
    find: ({ compose, services }) => {
      const networks = nodeOf(compose['networks']);
      const isInternal = (network: string): boolean => nodeOf(networks[network])['internal'] === true;
      const ofEdge = networksOf(services[edge.service] ?? {});
      return inner.flatMap((name) => {
        const own = networksOf(services[name] ?? {});
        return [
          ...(own.length === 0 ? [`${place}, ${name}: is on the network of everybody`] : []),
          ...own
            .filter((network) => !isInternal(network))
            .map((network) => `${place}, ${name}: ${network} is not internal`),
          ...own
            .filter((network) => ofEdge.includes(network))
            .map((network) => `${place}, ${name}: shares ${network} with nginx`),
        ];
      });
    },
  },
  {
    name: 'compose-capabilities',
    reason: 'whoever takes over a process has none of the rights of root, under whatever user it runs',
    find: each((service) => [
      ...(textsOf(service['cap_drop']).includes('ALL') ? [] : ['does not drop ALL capabilities']),
      ...textsOf(service['cap_add']).map((capability) => `adds ${capability}`),
    ]),
  },
  {
    name: 'compose-no-new-privileges',
    reason: 'no program of the image, setuid or not, gives more rights than it was started with',
    find: each((service) =>
      textsOf(service['security_opt']).some((option) => /^no-new-privileges(:true)?$/.test(option))
        ? []
        : ['security_opt lacks no-new-privileges:true'],
    ),
  },
  {
    name: 'compose-read-only',
    reason: 'nothing can be left behind in a container, neither a program nor a change of one',
    find: each((service) => (service['read_only'] === true ? [] : ['its root file system can be written'])),
  },
  {
    name: 'compose-user',
    reason: 'root in a container is root on the host, should it get out',
    find: each((service) => {
      const user = textOf(service['user']);
      return /^[1-9]\d*:[1-9]\d*$/.test(user) ? [] : [`runs as ${user === '' ? 'whoever the image says' : user}`];
    }),
  },
  {
    name: 'compose-limits',
    reason:
      'one service that runs wild takes neither the memory, nor the processor, nor the process table of the others',
    find: each((service) =>
      ['mem_limit', 'cpus', 'pids_limit']
        .filter((limit) => service[limit] === undefined)
        .map((limit) => `has no ${limit}`),
    ),
  },
  {
    name: 'compose-healthcheck',
    reason: 'what hangs is seen, and nothing is started upon what is not ready',
    find: each((service) => {
      if (service['build'] !== undefined && service['healthcheck'] === undefined) return [];
      const { test, disable } = nodeOf(service['healthcheck']) as { test?: unknown; disable?: unknown };
      const isThere = listOf(test).length > 1 && textsOf(test)[0] !== 'NONE' && disable !== true;
      return isThere ? [] : ['has no healthcheck'];
    }),
  },
  {
    name: 'compose-certificates-watched',
    reason: 'a certificate that nobody renews ends on a day that nobody remembers',
    find: ({ services: { certbot = {} } }) => {
      const test = textsOf(nodeOf(certbot['healthcheck'])['test']).join(' ');
      const mounted = textsOf(certbot['volumes']).map((volume) => volume.split(':')[1] ?? '');
      const wanted = ['internal_ca', 'postgres', 'redis'].map((name) => `/run/certificates/${name}`);
      return [
        ...['check-expiry.sh', '/etc/letsencrypt/live/', '/run/certificates/*']
          .filter((part) => !test.includes(part))
          .map((part) => `${place}, certbot: its healthcheck lacks ${part}`),
        ...wanted
          .filter((file) => !mounted.includes(file))
          .map((file) => `${place}, certbot: ${file} is not mounted, and so not watched`),
      ];
    },
  },
  {
    name: 'compose-restart',
    reason: 'what dies at night is back before anybody is awake',
    find: each((service) =>
      ['unless-stopped', 'always'].includes(String(service['restart'])) ? [] : ['is not started again where it ends'],
    ),
  },
  {
    name: 'compose-order',
    reason: 'a server that starts before its database does so in vain, and looks like a failure',
    find: each((service) =>
      Array.isArray(service['depends_on'])
        ? ['depends_on names services without a condition']
        : Object.entries(nodeOf(service['depends_on']))
            .filter(([, on]) => nodeOf(on)['condition'] !== 'service_healthy')
            .map(([name]) => `does not wait until ${name} is healthy`),
    ),
  },
  {
    name: 'compose-secrets-as-files',
    reason: 'an environment is shown by "docker inspect", inherited by every child, and printed by many a crash',
    find: (deployment) => [
      ...each((service) => {
        return [
          ...environmentOf(service)
            .filter(([name, value]) => holdsSecret(name, value))
            .map(([name]) => `${name} is in the environment: name a file with ${name}_FILE`),
          ...(service['env_file'] === undefined ? [] : ['env_file puts secrets into the environment']),
        ];
      })(deployment),
    ],
  },
  {
    name: 'compose-secrets-known',
    reason:
      'a service is given the secrets that it reads, and no other service’s; a folder, because of a file it keeps the one that was there when it was made',
    find: (deployment) => [
      ...(deployment.compose['secrets'] === undefined ? [] : [`${place}: secrets are mounted one by one`]),
      ...each((service, name) => {
        const given = mountsOf(service).filter(({ source, target }) => /secrets/.test(`${source} ${target}`));
        const own = `./secrets/${name}`;
        const reads = environmentOf(service).some(([, value]) => textOf(value).startsWith('/run/secrets/'));
        const has = given.some(({ source, target }) => source === own && target === '/run/secrets');
        return [
          ...(service['secrets'] === undefined ? [] : ['secrets are mounted one by one']),
          ...given
            .filter(({ source }) => source !== own && !certificate.test(source))
            .map(({ source }) => `is given ${source}`),
          ...(reads && !has ? [`reads /run/secrets, and is not given ${own}`] : []),
        ];
      })(deployment),
    ],
  },
  {
    name: 'compose-doctor',
    reason:
      'the doctor judges what is so now: records that are in an image are as old as it, and who is not told where clients come in sees nothing of it',
    find: ({ services, dockerfile }) => {
      const app = services['app'] ?? {};
      const publicUrl = textOf(Object.fromEntries(environmentOf(app))['PUBLIC_URL']);
      const mounted = mountsOf(app).some(
        ({ source, target }) => source === '../security' && target === '/app/security',
      );
      const copied = dockerfile
        .getCOPYs()
        .flatMap((copy) => copy.getArguments().slice(0, -1))
        .filter((source) => source.getValue().startsWith('security'));
      return [
        ...(publicUrl === 'https://${SERVER_NAME}' ? [] : [`${place}, app: PUBLIC_URL is not where nginx is`]),
        ...(mounted ? [] : [`${place}, app: ../security is not mounted at /app/security`]),
        ...copied.map((source) => `docker/Dockerfile: ${source.getValue()} is what it was when the image was built`),
      ];
    },
  },
  {
    name: 'compose-host',
    reason: 'a container that shares a namespace, a device or the socket of Docker with the host is no container',
    find: each((service) => {
      const shared = ['network_mode', 'pid', 'ipc', 'userns_mode', 'uts', 'cgroup'].filter((key) =>
        /^(host|container:|service:)/.test(textOf(service[key])),
      );
      const volumes = listOf(service['volumes']).map((volume) =>
        typeof volume === 'string' ? volume : textOf(nodeOf(volume)['source']),
      );
      return [
        ...(service['privileged'] === true ? ['is privileged'] : []),
        ...(service['devices'] === undefined ? [] : ['has devices of the host']),
        ...shared.map((key) => `shares ${key} with the host or another container`),
        ...volumes
          .filter((volume) => /docker\.sock|containerd\.sock/.test(volume) || /^(\/|~|\.\.\/\.\.)/.test(volume))
          .map((volume) => `mounts ${volume} of the host`),
      ];
    }),
  },
  {
    name: 'compose-mounted-files',
    reason: 'a container changes no file of the project, least of all the configuration of the next start',
    find: each((service) =>
      listOf(service['volumes'])
        .map((volume) => (typeof volume === 'string' ? volume : `${String(nodeOf(volume)['source'])}:rw`))
        .filter((volume) => volume.startsWith('.') && !volume.endsWith(':ro'))
        .filter((volume) => !/^\.\/(certificates|challenges):/.test(volume))
        .map((volume) => `may write ${volume}: end it with :ro`),
    ),
  },
  {
    name: 'compose-tmpfs',
    reason: 'where a container may write, no program can be run, and no more memory taken than was meant',
    find: each((service) =>
      textsOf(typeof service['tmpfs'] === 'string' ? [service['tmpfs']] : service['tmpfs']).flatMap((mount) => {
        const options = (mount.split(':')[1] ?? '').split(',');
        const missing = ['noexec', 'nosuid', 'nodev'].filter((option) => !options.includes(option));
        if (!options.some((option) => /^size=\d+[km]$/.test(option))) missing.push('size');
        return missing.length === 0 ? [] : [`${mount.split(':')[0] ?? ''} lacks ${missing.join(', ')}`];
      }),
    ),
  },
  {
    name: 'compose-logs',
    reason: 'a log that grows without end fills the disk that the database is on',
    find: each((service) => {
      const { driver, options } = nodeOf(service['logging']);
      const size = nodeOf(options)['max-size'];
      return ['local', 'json-file'].includes(String(driver)) && size !== undefined ? [] : ['its log has no bound'];
    }),
  },
  {
    name: 'compose-settings',
    reason: 'a setting that the server does not know, or one that production needs and nobody gives, stops its start',
    find: ({ services }) =>
      settingProblems(environmentOf(services['app'] ?? {}).map(([name]) => name)).map(
        (problem) => `${place}, app: ${problem}`,
      ),
  },
  {
    name: 'compose-trusted-proxy',
    reason:
      'whoever is believed about the addresses of clients has no limits; and an address that is given out to others is not nginx’s',
    find: ({ compose, services }) => {
      const trusted = Object.fromEntries(environmentOf(services['app'] ?? {}))['TRUSTED_PROXIES'];
      const fixed = Object.entries(nodeOf(services[edge.service]?.['networks'])).flatMap(([network, of]) => {
        const address = textOf(nodeOf(of)['ipv4_address']);
        return address === '' ? [] : [[network, address] as const];
      });
      const given = fixed.filter(([network, address]) =>
        isGivenOut(nodeOf(nodeOf(compose['networks'])[network]), address),
      );
      return [
        ...(fixed.length === 1 && fixed[0]?.[1] === textOf(trusted)
          ? []
          : [`${place}, app: TRUSTED_PROXIES is ${textOf(trusted)}, and not the one address of nginx`]),
        ...given.map(
          ([network, address]) => `${place}, ${network}: may give ${address} to a container before nginx starts`,
        ),
      ];
    },
  },
  {
    name: 'compose-nginx-variables',
    reason:
      'a variable that the template asks for and nobody sets stands in the rendered file as it is, and nginx does not start',
    find: ({ services, templateVariables }) =>
      templateVariables
        .filter((name) => !environmentOf(services[edge.service] ?? {}).some(([set]) => set === name))
        .map((name) => `${place}, ${edge.service}: ${name} of nginx/templates is not set`),
  },
  {
    name: 'compose-nginx-nodes',
    reason:
      'nginx that looks a node up at its start alone does not start while that node is away, reads no new certificate, and goes on asking where it was',
    find: ({ services }) => {
      const nodes = Object.fromEntries(environmentOf(services[edge.service] ?? {}))['APP_SERVERS'];
      const once = [...textOf(nodes).matchAll(/server ([^\s;]+)([^;]*);/g)].filter(([, , more]) => more !== ' resolve');
      return [
        ...(/^resolver 127\.0\.0\.11 valid=\d+s; /.test(textOf(nodes))
          ? []
          : [`${place}, ${edge.service}: APP_SERVERS begins with no resolver: Docker's is 127.0.0.11`]),
        ...once.map(([, name]) => `${place}, ${edge.service}: ${String(name)} of APP_SERVERS is looked up once`),
      ];
    },
  },
];

function each(find: (service: Node, name: string) => readonly string[]): (deployment: Deployment) => readonly string[] {
  return ({ services }) =>
    Object.entries(services).flatMap(([name, service]) =>
      find(service, name).map((problem) => `${place}, ${name}: ${problem}`),
    );
}

interface Mount {
  readonly source: string;
  readonly target: string;
}

/** Of both forms: SOURCE:TARGET:options, and a mapping. */
function mountsOf(service: Node): readonly Mount[] {
  return listOf(service['volumes']).map((volume) => {
    const [source = '', target = ''] = textOf(volume).split(':');
    return typeof volume === 'string'
      ? { source, target }
      : { source: textOf(nodeOf(volume)['source']), target: textOf(nodeOf(volume)['target']) };
  });
}

/** Whether Docker hands an address of a network to whoever comes first: it does so from `ip_range`, else from the whole. */
function isGivenOut(network: Node, address: string): boolean {
  return listOf(nodeOf(network['ipam'])['config']).some((config) => {
    const { subnet, ip_range: range = subnet } = nodeOf(config);
    const [base = '', prefix = '32'] = textOf(range).split('/');
    const list = new BlockList();
    list.addSubnet(base, Number(prefix));
    return list.check(address);
  });
}

/** Of both forms: a mapping, and a list of NAME=value. */
function environmentOf(service: Node): readonly (readonly [string, unknown])[] {
  const { environment } = service;
  if (!Array.isArray(environment)) return Object.entries(nodeOf(environment));
  return textsOf(environment).map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)] as const);
}

function networksOf(service: Node): readonly string[] {
  const { networks } = service;
  return Array.isArray(networks) ? textsOf(networks) : Object.keys(nodeOf(networks));
}

/** The host's side of "80:8080", "127.0.0.1:80:8080", or of the long form. */
function hostPort(port: unknown): string {
  if (typeof port !== 'string') return String(nodeOf(port)['published'] ?? port);
  return port.split('/')[0]?.split(':').at(-2) ?? port;
}
