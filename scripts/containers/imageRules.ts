import { JSONInstruction, type Copy, type Healthcheck, type Instruction } from 'dockerfile-ast';
import type { Deployment } from './deployment';
import { holdsSecret, imageProblem, type Rule } from './rule';

const place = 'docker/Dockerfile';

/** What the Dockerfile and what is sent to it has to be. */
export const imageRules: readonly Rule[] = [
  {
    name: 'image-base-pinned',
    reason: 'a tag is whatever its owner makes of it tomorrow; a digest is what was looked at',
    find: ({ dockerfile }) => {
      const stages = dockerfile.getFROMs().map((from) => from.getBuildStage());
      return dockerfile.getFROMs().flatMap((from) => {
        const image = from.getImage() ?? '';
        const problem = stages.includes(image) ? null : imageProblem(image);
        return problem === null ? [] : [`${at(from)}: ${problem}`];
      });
    },
  },
  {
    name: 'image-stages',
    reason: 'compilers, npm and the sources stay behind in the stage that builds',
    find: ({ dockerfile }) =>
      dockerfile.getFROMs().length >= 2
        ? []
        : [`${place}: one stage builds and runs: make the last one of what runs alone`],
  },
  {
    name: 'image-without-shell',
    reason: 'who breaks into the server finds no shell, no package manager and no npm to go on with',
    find: (deployment) => {
      const [, ...last] = lastStage(deployment);
      const [from] = lastStage(deployment);
      const base = from?.getArgumentsContent() ?? '';
      const runs = last.filter((instruction) => ['RUN', 'SHELL'].includes(instruction.getKeyword()));
      return [
        ...(/^(gcr\.io\/distroless\/|scratch)/.test(base)
          ? []
          : [`${place}: the last stage is made from ${base}, which has a shell`]),
        ...runs.map((run) => `${at(run)}: the last stage has no shell that could run this`),
      ];
    },
  },
  {
    name: 'image-exec-form',
    reason: 'a command in shell form needs a shell, and keeps signals from the server, which then never stops in order',
    find: (deployment) =>
      lastStage(deployment)
        .filter((instruction) => ['CMD', 'ENTRYPOINT'].includes(instruction.getKeyword()))
        .filter((instruction) => wordsInJson(instruction).length === 0)
        .map(
          (instruction) => `${at(instruction)}: ${instruction.getKeyword()} is not in the form ["program", "argument"]`,
        ),
  },
  {
    name: 'image-user',
    reason: 'root in a container is root on the host, should it get out',
    find: (deployment) => {
      const users = lastStage(deployment).filter((instruction) => instruction.getKeyword() === 'USER');
      const user = users.at(-1)?.getArgumentsContent() ?? null;
      if (user !== null && /^[1-9]\d{3,}:[1-9]\d{3,}$/.test(user)) return [];
      return [
        `${place}: the last stage runs as ${user ?? 'whoever its base says'}: name a uid and a gid, neither of them 0 (USER 10001:10001)`,
      ];
    },
  },
  {
    name: 'image-healthcheck',
    reason: 'nobody sends requests to a server that is not ready, and nobody waits for one that never will be',
    find: (deployment) => {
      const checks = lastStage(deployment).filter((instruction) => instruction.getKeyword() === 'HEALTHCHECK');
      const check = checks.at(-1) as Healthcheck | undefined;
      const content = check?.getArgumentsContent() ?? 'NONE';
      if (content.includes('NONE')) return [`${place}: the last stage has no HEALTHCHECK`];
      return /CMD\s+\[/.test(content)
        ? []
        : [`${place}: HEALTHCHECK needs a shell: write it as CMD ["program", "argument"]`];
    },
  },
  {
    name: 'image-without-secrets',
    reason: 'what was once in a layer, an ARG or an ENV stays readable in the image for everybody who has it',
    find: ({ dockerfile }) => {
      const named = dockerfile
        .getInstructions()
        .filter((instruction) => ['ARG', 'ENV', 'LABEL'].includes(instruction.getKeyword()))
        .flatMap((instruction) =>
          instruction
            .getArguments()
            .map((argument) => argument.getValue().split('='))
            .filter(([name = '', value]) => holdsSecret(name, value))
            .map(
              ([name = '']) =>
                `${at(instruction)}: ${name} is a secret by its name: give it to the running container as a file`,
            ),
        );
      const copied = copies(dockerfile.getInstructions()).flatMap((copy) =>
        sourcesOf(copy)
          .filter((source) => /(^|\/)\.env|secret|\.(pem|key|p12|pfx)$/i.test(source))
          .map((source) => `${at(copy)}: ${source} has no place in an image`),
      );
      return [...named, ...copied];
    },
  },
  {
    name: 'image-copies-by-name',
    reason: 'what is copied with `.` is whatever lies about that day, backups and keys included',
    find: ({ dockerfile }) =>
      copies(dockerfile.getInstructions()).flatMap((copy) =>
        sourcesOf(copy)
          .filter((source) => /^(\.|\.\/|\/|\*|\.\/\*)$/.test(source))
          .map((source) => `${at(copy)}: "${source}" copies everything: name what is meant`),
      ),
  },
  {
    name: 'image-without-add',
    reason: 'ADD loads from addresses that nobody verifies, and unpacks what it finds',
    find: ({ dockerfile }) =>
      dockerfile
        .getInstructions()
        .filter((instruction) => instruction.getKeyword() === 'ADD')
        .map((instruction) => `${at(instruction)}: use COPY`),
  },
  {
    name: 'image-packages-from-lock',
    reason:
      'the packages are those that were tested, none of their scripts is run, and those of development are left out',
    find: ({ dockerfile }) => {
      const runs = dockerfile.getInstructions().filter((instruction) => instruction.getKeyword() === 'RUN');
      const words = runs.map((run) => [run, wordsOf(run)] as const);
      const installs = words.filter(([, text]) => /\bnpm (ci|install|i|add)\b/.test(text));
      const isLeftOut = words.some(([, text]) => /\bnpm prune\b.*--omit=dev/.test(text));
      return [
        ...installs.flatMap(([run, text]) => [
          ...(/\bnpm ci\b/.test(text) ? [] : [`${at(run)}: install with "npm ci"`]),
          ...(text.includes('--ignore-scripts') ? [] : [`${at(run)}: --ignore-scripts is missing`]),
        ]),
        ...words
          .filter(([, text]) => /\b(curl|wget)\b|\bapt(-get)? install\b|\bapk add\b|\bnpx\b/.test(text))
          .map(([run]) => `${at(run)}: loads something that is in no lock`),
        ...(installs.length > 0 && isLeftOut
          ? []
          : [`${place}: packages of development are not taken out again (npm prune --omit=dev)`]),
      ];
    },
  },
  {
    name: 'image-context',
    reason: 'what is not sent to the build cannot get into the image: keys, data, the history',
    find: ({ ignored }) => [
      ...(ignored[0] === '*' ? [] : ['.dockerignore: begins with "*", so that only what is named goes into a build']),
      ...ignored
        .filter((line) => line.startsWith('!'))
        .filter((line) =>
          /^!\/?(\*|\.$|\.env|\.git|node_modules|data|dist|test|docker\/?$|docker\/(secrets|certificates))/.test(line),
        )
        .map((line) => `.dockerignore: "${line}" lets in what no build needs`),
    ],
  },
];

/** FROM and all that follows it, of the stage that the image is made of. */
function lastStage({ dockerfile }: Deployment): readonly Instruction[] {
  const from = dockerfile.getFROMs().at(-1);
  if (from === undefined) return [];
  const begin = from.getRange().start.line;
  return dockerfile.getInstructions().filter((instruction) => instruction.getRange().start.line >= begin);
}

function at(instruction: Instruction): string {
  return `${place}:${instruction.getRange().start.line + 1}`;
}

function copies(instructions: readonly Instruction[]): readonly Copy[] {
  return instructions.filter((instruction): instruction is Copy => instruction.getKeyword() === 'COPY');
}

/** What a COPY takes from the project; nothing where it takes from another stage. */
function sourcesOf(copy: Copy): readonly string[] {
  if (copy.getFlags().some((flag) => flag.getName() === 'from')) return [];
  return copy
    .getArguments()
    .slice(0, -1)
    .map((argument) => argument.getValue());
}

/** None where it is in the form that a shell reads. */
function wordsInJson(instruction: Instruction): readonly string[] {
  if (!(instruction instanceof JSONInstruction)) return [];
  return instruction.getJSONStrings().map((word) => word.getJSONValue());
}

/** Of both forms of RUN. */
function wordsOf(run: Instruction): string {
  const inJson = wordsInJson(run);
  return inJson.length > 0 ? inJson.join(' ') : (run.getArgumentsContent() ?? '');
}
