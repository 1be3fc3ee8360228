import { findProjectDir } from '../../src/config/processConfig';
import { nodeOf, readDeployment, readFiles, type Files } from '../../scripts/containers/deployment';
import { containerRules } from '../../scripts/containers/rules';

const files = readFiles(findProjectDir());
const digest = `sha256:${'ab'.repeat(32)}`;
const [image, compose, ignored] = ['docker/Dockerfile', 'docker/compose.yaml', '.dockerignore'];
const postgresSettings = 'docker/postgres/postgresql.conf';
const [app, nginx, network, postgres, certificates] = ['app', 'nginx', 'network', 'postgres', 'certificates'].map(
  (name) => `docker/kubernetes/${name}.yaml`,
) as [string, string, string, string, string];

/** A rule → the file that is changed, what stands there, and what is written in its place: each breaks that rule. */
const breaches: Readonly<Record<string, readonly (readonly [file: string, from: string | RegExp, to: string])[]>> = {
  'image-base-pinned': [
    [image, '@sha256:unresolved AS build', ' AS build'],
    [image, ':nonroot@', ':latest@'],
  ],
  'image-stages': [[image, /FROM node[^]*?(?=FROM gcr)/, '']],
  'image-without-shell': [
    [image, /FROM gcr\S+/, `FROM node:24-slim@${digest}`],
    [image, 'USER 10001', 'RUN chmod 777 /data\nUSER 10001'],
  ],
  'image-exec-form': [
    [image, 'CMD ["dist/src/cli/start.js"]', 'CMD node dist/src/cli/start.js'],
    [image, /ENTRYPOINT .*/, 'ENTRYPOINT node'],
  ],
  'image-user': [
    [image, 'USER 10001:10001\n', ''],
    [image, 'USER 10001:10001', 'USER root'],
    [image, 'USER 10001:10001', 'USER 10001:10001\nUSER 0:0'],
  ],
  'image-healthcheck': [
    [image, /HEALTHCHECK .*/, ''],
    [image, /HEALTHCHECK .*/, 'HEALTHCHECK NONE'],
    [image, /HEALTHCHECK .*/, 'HEALTHCHECK CMD curl localhost:4000/readyz'],
  ],
  'image-without-secrets': [
    [image, 'ENV NODE_ENV=production', 'ENV AUDIT_KEY=abc NODE_ENV=production'],
    [image, 'WORKDIR /app\n# The packages', 'ARG NPM_TOKEN\n# The packages'],
    [image, 'COPY migrations migrations', 'COPY .env ./'],
    [image, 'COPY migrations migrations', 'COPY docker/secrets /run/secrets'],
  ],
  'image-copies-by-name': [[image, 'COPY src src', 'COPY . .']],
  'image-without-add': [[image, 'COPY src src', 'ADD https://example.org/src.tar.gz src']],
  'image-packages-from-lock': [
    [image, '"npm", "ci"', '"npm", "install"'],
    [image, '"--include=dev", "--ignore-scripts"', '"--include=dev"'],
    [image, /RUN \["npm", "prune".*/, ''],
    [image, 'RUN ["mkdir"', 'RUN curl -o tool https://example.org/tool\nRUN ["mkdir"'],
  ],
  'image-context': [
    [ignored, '*\n!package.json', 'node_modules\n!package.json'],
    [ignored, '!src', '!src\n!.env'],
    [ignored, '!src', '!src\n!docker/secrets/audit_key'],
  ],
  'compose-image-pinned': [[compose, '18-trixie@sha256:unresolved', '18-trixie']],
  'compose-published-ports': [
    [compose, "user: '10001:10001'", "user: '10001:10001'\n    ports: ['4000:4000']"],
    [compose, "'80:8080', ", "'80:8080', '5432:5432', "],
    [compose, "ports: ['80:8080', '443:8443']", 'ports: [{ target: 8443, published: 8443 }]'],
  ],
  'compose-inner-networks': [
    [compose, 'networks: [data]', 'networks: [data, outward]'],
    [compose, '    networks: [data]\n', ''],
    [compose, 'data: { internal: true }', 'data: {}'],
    [compose, 'edge: {}\n', 'edge: {}\n      data: {}\n'],
  ],
  'compose-capabilities': [
    [compose, '  cap_drop: [ALL]\n', ''],
    [compose, "user: '999:999'", "user: '999:999'\n    cap_add: [NET_ADMIN]"],
  ],
  'compose-no-new-privileges': [[compose, "'no-new-privileges:true'", "'no-new-privileges:false'"]],
  'compose-read-only': [[compose, '  read_only: true\n', '']],
  'compose-user': [
    [compose, "    user: '999:999'\n", ''],
    [compose, "user: '101:101'", "user: '0:0'"],
  ],
  'compose-limits': [
    [compose, '    mem_limit: 256m\n', ''],
    [compose, '    cpus: 1\n', ''],
    [compose, '    pids_limit: 32\n', ''],
  ],
  'compose-healthcheck': [
    [compose, /    healthcheck:\n.*wget[^]*?retries: 3\n/, ''],
    [compose, /test: \['CMD', 'wget.*/, "test: ['NONE']"],
  ],
  'compose-certificates-watched': [
    [compose, /test: \['CMD-SHELL', 'sh \/run\/check-expiry.*/, "test: ['CMD', 'certbot', 'certificates']"],
    [compose, /.*run\/certificates\/redis:ro\n/, ''],
  ],
  'compose-restart': [[compose, 'restart: unless-stopped', "restart: 'no'"]],
  'compose-order': [
    [compose, 'redis: { condition: service_healthy }', 'redis: { condition: service_started }'],
    [compose, 'depends_on:\n      app: { condition: service_healthy }', 'depends_on: [app]'],
  ],
  'compose-secrets-as-files': [
    [compose, 'AUDIT_KEY_FILE: /run/secrets/audit_key', 'AUDIT_KEY: c2VjcmV0'],
    [compose, 'POSTGRES_PASSWORD_FILE: /run/secrets/postgres_superuser_password', 'POSTGRES_PASSWORD: postgres'],
    [compose, "user: '10001:10001'", "user: '10001:10001'\n    env_file: .env"],
  ],
  'compose-secrets-known': [
    [compose, '      - ./secrets/app:/run/secrets:ro\n', ''],
    [compose, './secrets/app:/run/secrets:ro', './secrets:/run/secrets:ro'],
    [compose, './secrets/redis:/run/secrets:ro', './secrets/postgres:/run/secrets:ro'],
    [compose, './certificates:/etc/letsencrypt:ro', './secrets/app:/keys:ro'],
    [compose, "user: '10001:10001'", "user: '10001:10001'\n    secrets: [audit_key]"],
    [compose, /$/, 'secrets:\n  audit_key: { file: ./secrets/app/audit_key }\n'],
  ],
  'compose-doctor': [
    [compose, '      PUBLIC_URL: https://${SERVER_NAME}\n', ''],
    [compose, '      - ../security:/app/security:ro\n', ''],
    [image, 'COPY src src', 'COPY src src\nCOPY security/calendar.yml security/calendar.yml'],
  ],
  'compose-host': [
    [compose, "user: '101:101'", "user: '101:101'\n    network_mode: host"],
    [compose, "user: '101:101'", "user: '101:101'\n    privileged: true"],
    [compose, '- ./certificates', '- /var/run/docker.sock:/var/run/docker.sock:ro\n      - ./certificates'],
    [compose, "user: '101:101'", "user: '101:101'\n    pid: service:app"],
    [compose, '- ./certificates', '- /etc:/host:ro\n      - ./certificates'],
  ],
  'compose-mounted-files': [[compose, 'pg_hba.conf:ro', 'pg_hba.conf']],
  'compose-tmpfs': [
    [compose, 'size=64m,noexec', 'noexec'],
    [compose, 'size=64m,noexec,nosuid', 'size=64m,nosuid'],
  ],
  'compose-logs': [[compose, 'max-size: 20m, ', '']],
  'compose-settings': [
    [compose, '      EXCHANGES', '      EXCHANGE'],
    [compose, '      AUDIT_KEY_FILE: /run/secrets/audit_key\n', ''],
  ],
  'compose-trusted-proxy': [
    [compose, 'TRUSTED_PROXIES: 172.30.99.2', 'TRUSTED_PROXIES: 172.30.99.0/28'],
    [compose, 'front: { ipv4_address: 172.30.99.2 }', 'front: {}'],
    [compose, ', ip_range: 172.30.99.8/29', ''],
  ],
  'compose-nginx-variables': [['nginx/templates/planted.conf.template', /$/, 'listen ${A_NEW_VARIABLE};']],
  'compose-nginx-nodes': [
    [compose, 'resolver 127.0.0.11 valid=5s; ', ''],
    [compose, 'server app:4000 resolve;', 'server app:4000;'],
  ],
  'kubernetes-image-pinned': [[postgres, '@sha256:unresolved', '']],
  'kubernetes-namespace': [['docker/kubernetes/namespace.yaml', 'restricted', 'baseline']],
  'kubernetes-user': [
    [app, 'runAsNonRoot: true', 'runAsNonRoot: false'],
    [nginx, 'runAsUser: 101', 'runAsUser: 0'],
  ],
  'kubernetes-confined': [
    [certificates, 'drop: [ALL]', 'drop: [NET_RAW]'],
    [app, 'allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true'],
    [app, '            readOnlyRootFilesystem: true\n', ''],
    [app, 'drop: [ALL]', 'drop: [NET_RAW]'],
    [app, 'drop: [ALL]', 'drop: [ALL], add: [SYS_ADMIN]'],
    [app, 'RuntimeDefault', 'Unconfined'],
  ],
  'kubernetes-host': [
    [app, 'automountServiceAccountToken: false', 'automountServiceAccountToken: false\n      hostNetwork: true'],
    [app, 'emptyDir: { medium: Memory, sizeLimit: 64Mi }', 'hostPath: { path: /tmp }'],
    [app, '{ containerPort: 4000 }', '{ containerPort: 4000, hostPort: 4000 }'],
  ],
  'kubernetes-api-token': [[app, '      automountServiceAccountToken: false\n', '']],
  'kubernetes-limits': [[app, "limits: { cpu: '2', memory: 2Gi }", "limits: { cpu: '2' }"]],
  'kubernetes-probes': [[app, 'livenessProbe:', 'lifecycle:']],
  'kubernetes-certificates-watched': [
    [certificates, 'sh /run/checks/check-expiry.sh', 'true'],
    [certificates, /.*redis_cert.*\n/, ''],
    [certificates, 'kind: CronJob', 'kind: ConfigMap'],
  ],
  'kubernetes-secrets-as-files': [
    [app, /$/, '---\napiVersion: v1\nkind: Secret\nmetadata: { name: app }\n'],
    [app, '{ name: AUDIT_KEY_FILE, value: /run/secrets/audit_key }', '{ name: AUDIT_KEY, value: c2VjcmV0 }'],
    [app, 'value: /run/secrets/audit_key', 'valueFrom: { secretKeyRef: { name: app, key: audit_key } }'],
    [app, 'image: tickgate', 'envFrom: [{ secretRef: { name: app } }]\n          image: tickgate'],
    [app, 'defaultMode: 0440', 'defaultMode: 0444'],
  ],
  'kubernetes-networks': [
    [network, 'policyTypes: [Ingress, Egress]\n---\n', 'policyTypes: [Ingress]\n---\n'],
    [
      network,
      'podSelector: { matchLabels: { app: redis } }\n  policyTypes',
      'podSelector: { matchLabels: { app: other } }\n  policyTypes',
    ],
    [network, /    - to: \[\{ podSelector: \{ matchLabels: \{ app: redis \} \} \}\]\n\s+ports/, '    - ports'],
  ],
  'kubernetes-services': [
    [postgres, 'selector: { app: postgres }\n  ports', 'type: NodePort\n  selector: { app: postgres }\n  ports'],
    [nginx, 'externalTrafficPolicy: Local', 'externalTrafficPolicy: Cluster'],
    [app, /$/, '---\nkind: Ingress\nmetadata: { name: app }\n'],
  ],
  'kubernetes-settings': [
    [app, 'name: EXCHANGES', 'name: EXCHANGE'],
    [app, '            - { name: AUDIT_KEY_FILE, value: /run/secrets/audit_key }\n', ''],
  ],
  'kubernetes-doctor': [
    [app, /.*name: PUBLIC_URL.*\n/, ''],
    [app, '{ name: security, mountPath: /app/security,', '{ name: security, mountPath: /app/security, subPath: a,'],
  ],
  'kubernetes-nginx-variables': [['nginx/templates/planted.conf.template', /$/, 'listen ${A_NEW_VARIABLE};']],
  'postgres-settings': [
    [postgresSettings, 'log_connections = on', '#log_connections = on'],
    [postgresSettings, /$/, "log_statement = 'all'\n"],
    [postgresSettings, 'log_parameter_max_length = 0\n', ''],
    [postgresSettings, 'ssl = on', 'ssl = off # for now'],
  ],
};

function brokenRules(changed: Files): readonly string[] {
  const deployment = readDeployment(changed);
  return containerRules.filter(({ find }) => find(deployment).length > 0).map(({ name }) => name);
}

it('finds no breach in the files of this project', () => {
  const deployment = readDeployment(files);
  expect(deployment.workloads.map(({ name }) => name).sort()).toEqual([
    'app',
    'certificates',
    'nginx',
    'postgres',
    'redis',
  ]);
  expect(containerRules.flatMap(({ find }) => find(deployment))).toEqual([]);
});

it('has a breach to plant for each rule, and no name twice', () => {
  expect(containerRules.map(({ name }) => name)).toEqual(Object.keys(breaches));
  expect(containerRules.length).toBeGreaterThanOrEqual(14);
});

describe.each(Object.entries(breaches))('%s', (rule, changes) => {
  it.each(changes)('finds what is planted in %s: %s', (file, from, to) => {
    const before = files.get(file) ?? '';
    const after = before.replace(from, () => to);
    expect(after).not.toBe(before);
    expect(brokenRules(new Map([...files, [file, after]]))).toContain(rule);
  });
});

it('reads octal modes as Kubernetes does', () => {
  const volumes = readDeployment(files).workloads.find(({ name }) => name === 'app')?.pod['volumes'];
  expect(volumes).toContainEqual({ name: 'secrets', secret: { secretName: 'app', defaultMode: 0o440 } });
});

/** docker/kubernetes with the lines that wait in comments for whoever has a manager of secrets: "#>" before each. */
function uncommented(file: string): string {
  return (files.get(file) ?? '').replace(/^( *)#> /gm, '$1');
}

it('gives pods a token for Vault and a way to it, by lines that wait in comments, and keeps every rule', () => {
  const changed = new Map([...files, ...[app, network].map((file) => [file, uncommented(file)] as const)]);
  const { workloads, manifests } = readDeployment(changed);
  const server = workloads.find(({ name }) => name === 'app');
  expect(JSON.stringify(server)).toMatch(/"serviceAccountToken":\{"audience":"vault"/);
  expect(JSON.stringify(server)).toContain('{"name":"VAULT_JWT_FILE","value":"/run/vault/token"}');
  expect(server?.pod['automountServiceAccountToken']).toBe(false);
  const policy = manifests.find(({ kind, metadata }) => kind === 'NetworkPolicy' && nodeOf(metadata)['name'] === 'app');
  expect(JSON.stringify(policy)).toMatch(/"port":8200/);
  expect(JSON.stringify(policy)).toMatch(/"cidr":"169\.254\.169\.254\/32"/);
  expect(brokenRules(changed)).toEqual([]);
});
