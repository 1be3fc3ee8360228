import {
  getOperationAST,
  getVariableValues,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type GraphQLError,
} from 'graphql';
import { collectFields } from 'graphql/execution/collectFields';
import { AppError } from '../errors/appError';
import { toGraphqlError } from '../errors/graphqlError';
import { maskError } from '../errors/maskError';
import { decideAccess } from './access';
import { Admission, type AdmissionParts, type Operation } from './admission';
import { callerOf } from './costLimiter';
import { depthOf } from './documentRules';
import { limits } from './limits';
import { cellOf, describePermissions, matrixRows, type MatrixRow, type PermissionCell } from './permissionMatrix';
import type { AccessRule } from './permissions';
import { OperationCost, type RequestContext } from './requestContext';
import { principalOf, subjects, type Subject } from './subjects';

export interface AccessQuestion {
  readonly document: string;
  readonly subject: Subject;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Why a client would be refused, as it would be told. path: the field of the answer; null where nothing would run at all. */
export interface AccessRefusal {
  readonly code: string;
  readonly message: string;
  readonly path: readonly string[] | null;
}

export interface AccessExplanation {
  /** No root field would be refused. Whose an object is, and what rates have been used up, is not known here. */
  readonly allowed: boolean;
  /** 0 where the text is no document. */
  readonly depth: number;
  readonly maxDepth: number;
  /** 0 where the document is refused before it is counted. */
  readonly cost: number;
  readonly maxCost: number;
  /** The operation allow-list lets it pass. */
  readonly trusted: boolean;
  readonly refusals: readonly AccessRefusal[];
  /** One for each root field that would be asked for. */
  readonly rules: readonly PermissionCell[];
}

/** A field that would be asked for, and its row of the matrix. */
interface AskedField {
  /** Its name in the answer. */
  readonly key: string;
  readonly row: MatrixRow;
}

/**
 * Says what the rules say, by the functions that a request meets. Nothing is run, opened or counted: no rate of anybody is spent.
 */
export class AccessReview {
  readonly #admission: Admission;
  readonly #rows: ReadonlyMap<string, MatrixRow>;

  constructor(private readonly parts: AdmissionParts) {
    this.#admission = new Admission(parts);
    this.#rows = new Map(matrixRows(parts.settings).map((row) => [`${row.type}.${row.field}`, row]));
  }

  /** Whether who asks may use a field of that rule. */
  allows(rule: AccessRule, context: Pick<RequestContext, 'principal'>): boolean {
    return decideAccess(rule, context, this.parts.settings) === true;
  }

  /** What this deployment decides; of all subjects where none is named. */
  matrix(subject: Subject | null): readonly PermissionCell[] {
    return describePermissions(subject === null ? subjects : [subject], this.parts.settings);
  }

  explain({ document: text, subject, variables }: AccessQuestion): AccessExplanation {
    const bounds = {
      maxDepth: limits.document.maxDepth,
      maxCost: limits.cost[callerOf({ principal: principalOf(subject) })],
    };
    const document = this.#read(text, variables);
    if (document instanceof AppError) {
      const refusals = [refusalOf(toGraphqlError(document))];
      return { allowed: false, depth: 0, cost: 0, trusted: false, refusals, rules: [], ...bounds };
    }
    const operation: Operation = { variables, operationName: null };
    const context = contextOf(document, subject);
    const cost = this.#admission.costOf(document, operation);
    const fields = cost === null ? [] : this.#askedFields(document, operation);
    const atTheDoor = this.#admission.refusalsOf(document, operation, context).map(refusalOf);
    // What is refused there runs no field; otherwise each is refused by itself.
    const refusals = atTheDoor.length > 0 ? atTheDoor : fields.flatMap((field) => fieldRefusals(field, context));
    return {
      allowed: refusals.length === 0,
      depth: depthOf(this.parts.schema, document),
      cost: cost ?? 0,
      trusted: this.parts.trustedOperations.isTrusted(document),
      refusals,
      rules: fields.map(({ row }) => cellOf(row, subject)),
      ...bounds,
    };
  }

  #read(text: string, variables: AccessQuestion['variables']): DocumentNode | AppError {
    try {
      this.#admission.assertText(text, variables);
      return this.#admission.parse(text);
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  /** As graphql-js would collect them: fragments written out, what directives leave out left out. */
  #askedFields(document: DocumentNode, { variables }: Operation): readonly AskedField[] {
    const { schema } = this.parts;
    const operation = getOperationAST(document);
    const type = operation == null ? null : schema.getRootType(operation.operation);
    if (operation == null || type == null) return [];
    const { coerced = {} } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
    const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
    const byName = Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment]));
    const fields = collectFields(schema, byName, coerced, type, operation.selectionSet);
    return [...fields].flatMap(([key, [node]]) => {
      const row = this.#rows.get(`${type.name}.${node?.name.value ?? ''}`);
      return row === undefined ? [] : [{ key, row }];
    });
  }
}

/** A request of the subject over the transport that carries such an operation. */
function contextOf(document: DocumentNode, subject: Subject): RequestContext {
  const isStream = getOperationAST(document)?.operation === OperationTypeNode.SUBSCRIPTION;
  const transport = isStream ? 'ws' : 'http';
  const cost = new OperationCost();
  return { principal: principalOf(subject), rateKey: subject, ip: '', userAgent: null, transport, requestId: '', cost };
}

function fieldRefusals({ key, row }: AskedField, { principal }: RequestContext): readonly AccessRefusal[] {
  const decision = row.decide(principal);
  return decision === true ? [] : [{ ...refusalOf(toGraphqlError(decision)), path: [key] }];
}

/** As the client would read it. */
function refusalOf(error: GraphQLError): AccessRefusal {
  const onHidden = (): never => {
    throw error;
  };
  const { message, extensions } = maskError(error, { requestId: '', onHidden });
  return { code: String(extensions?.['code']), message, path: null };
}
