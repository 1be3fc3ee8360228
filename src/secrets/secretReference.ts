/** Where a secret is kept. field: of the JSON object that it then is; null where the whole of it is the value. */
export type SecretReference =
  | { readonly manager: 'vault'; readonly mount: string; readonly path: string; readonly field: string }
  | { readonly manager: 'awssm'; readonly id: string; readonly field: string | null }
  | {
      readonly manager: 'gcpsm';
      readonly project: string;
      readonly secret: string;
      readonly version: string;
      readonly field: string | null;
    };

/** In the order of the documents. */
export const referenceForms = {
  vault: 'vault://mount/path#field',
  awssm: 'awssm://name-or-arn, with #field where it is JSON',
  gcpsm: 'gcpsm://project/secret or gcpsm://project/secret/version, with #field where it is JSON',
} as const;

type Manager = keyof typeof referenceForms;

const shape = /^(vault|awssm|gcpsm):\/\/([^#]*)(?:#(.*))?$/s;
const fieldShape = /^[\w.-]{1,128}$/;
/** Parts that are not empty, not `.` and not `..`: nothing that leads to another place than it says. */
const pathShape = /^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[\w./ @+=-]{1,512}$/;
/** Names of AWS: letters, digits and /_+=.@-; an ARN has colons besides. */
const awsShape = /^[\w/+=.@:-]{1,2048}$/;

/** True where the text says where a secret is kept, be it well or not. */
export function isReference(text: string): boolean {
  return /^(vault|awssm|gcpsm):\/\//.test(text);
}

/** Null where it is not of the form of its manager. */
export function parseReference(text: string): SecretReference | null {
  const [, manager, place = '', field = null] = shape.exec(text) ?? [];
  if (manager === undefined || (field !== null && !fieldShape.test(field))) return null;
  return parsers[manager as Manager](place, field);
}

/** What a reference of the same manager has to look like. */
export function formOf(text: string): string {
  return referenceForms[text.slice(0, text.indexOf(':')) as Manager];
}

const parsers: Readonly<Record<Manager, (place: string, field: string | null) => SecretReference | null>> = {
  vault: (place, field) => {
    const slash = place.indexOf('/');
    if (field === null || slash < 1 || !pathShape.test(place)) return null;
    return { manager: 'vault', mount: place.slice(0, slash), path: place.slice(slash + 1), field };
  },
  awssm: (place, field) => (awsShape.test(place) ? { manager: 'awssm', id: place, field } : null),
  gcpsm: (place, field) => {
    const [, project, secret, version = 'latest'] =
      /^([a-z0-9:.-]{1,100})\/([\w-]{1,255})(?:\/(latest|[1-9]\d{0,9}))?$/.exec(place) ?? [];
    if (project === undefined || secret === undefined) return null;
    return { manager: 'gcpsm', project, secret, version, field };
  },
};
