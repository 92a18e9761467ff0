/**
 * What is wrong with an input, in words for a person: where, what is expected, what came, and the nearest
 * right name. Zod's own messages leave out the value and say only "Invalid input" for a union.
 */
import { z } from 'zod';
import { nearest } from './nearest.ts';
import { withoutSecrets } from './secrets-in-urls.ts';

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;
type Path = readonly PropertyKey[];

/** One line an issue, e.g. `model.backbone: must be one of "resnet50" or "resnet101", got "resnet5"`. */
export function describeIssues(
  error: z.core.$ZodError,
  { schema, input }: { readonly schema: Schema; readonly input: unknown },
): readonly string[] {
  return error.issues.flatMap((issue) => describe(issue, { schema, input, prefix: [] }));
}

interface Place {
  readonly schema: Schema;
  readonly input: unknown;
  /** Path of the union that the issue was found in. */
  readonly prefix: Path;
}

function describe(issue: Issue, place: Place): readonly string[] {
  const path = [...place.prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${dotted([...path, key])}: ${unknownKey(key, path, place)}`);
  }
  if (issue.code === 'invalid_union' && issue.discriminator === undefined) {
    const meant = likeliestBranch(issue.errors);
    if (meant !== undefined) {
      return meant.flatMap((inner) => describe(inner, { ...place, prefix: path }));
    }
  }
  const value = valueAt(place.input, path);
  const problem =
    value === undefined && issue.code !== 'custom'
      ? `is required: it ${expectation(issue, value)}`
      : expectation(issue, value);
  const got = value === undefined || problem.includes('got ') ? '' : `, got ${shown(value)}`;
  return [`${dotted(path)}: ${problem}${got}`];
}

function expectation(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeName(issue.expected)}`;
    case 'too_small':
      return `must ${bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`;
    case 'too_big':
      return `must ${bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`;
    case 'invalid_format':
      return issue.message.startsWith('Invalid')
        ? `must be a valid ${issue.format}`
        : issue.message;
    case 'invalid_value':
      return oneOf(issue.values, value);
    case 'invalid_union':
      return issue.discriminator === undefined
        ? `must be ${[...new Set(issue.errors.flat().map(branchType))].join(' or ')}`
        : oneOf('options' in issue ? (issue.options ?? []) : [], value);
    default:
      return issue.message;
  }
}

/** A union's branch that fits the value's type, with the fewest complaints; none when no type fits. */
function likeliestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches
    .filter(
      (branch) => !branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
    )
    .sort((a, b) => a.length - b.length)[0];
}

const branchType = (issue: Issue): string =>
  issue.code === 'invalid_type' ? typeName(issue.expected) : 'something else';

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  tuple: 'a list',
  int: 'a whole number',
  null: 'null',
};

const typeName = (expected: string): string => TYPE_NAMES[expected] ?? `a ${expected}`;

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'string') return `have ${relation} ${limit.toString()} characters`;
  if (origin === 'array') return `have ${relation} ${limit.toString()} entries`;
  return `be ${relation} ${limit.toString()}`;
}

function oneOf(options: readonly unknown[], value: unknown): string {
  const names = options.map((option) => JSON.stringify(option));
  const expected = names.length === 1 ? String(names[0]) : `one of ${names.join(', ')}`;
  if (typeof value !== 'string') return `must be ${expected}`;
  const near = nearest(
    value,
    options.filter((option) => typeof option === 'string'),
  );
  return `must be ${expected}, got ${shown(value)}${near === undefined ? '' : ` (did you mean ${shown(near)}?)`}`;
}

function unknownKey(key: string, path: Path, { schema }: Place): string {
  const known = path
    .reduce<readonly Schema[]>((schemas, step) => schemas.flatMap((s) => child(s, step)), [schema])
    .flatMap(variants)
    .flatMap((variant) => (variant instanceof z.ZodObject ? Object.keys(variant.shape) : []));
  const near = nearest(key, known);
  if (near !== undefined) return `is not an option (did you mean "${near}"?)`;
  const isUpper = (name: string) => name === name.toUpperCase();
  const alike = known.filter((name) => isUpper(name) === isUpper(key));
  return `is not an option; the options here are ${[...new Set(alike.length > 0 ? alike : known)].join(', ')}`;
}

/** A schema without its wrappers: defaults, optionals, unions and pipes opened. */
function variants(schema: Schema): readonly Schema[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(variants);
  if (schema instanceof z.ZodPipe) return [...variants(schema.def.in), ...variants(schema.def.out)];
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return variants(schema.def.innerType);
  }
  return [schema];
}

function child(schema: Schema, key: PropertyKey): readonly Schema[] {
  return variants(schema).flatMap((variant) => {
    if (variant instanceof z.ZodObject) {
      const shape: Readonly<Record<PropertyKey, Schema | undefined>> = variant.shape;
      const field = shape[key];
      return field === undefined ? [] : [field];
    }
    return variant instanceof z.ZodArray ? [variant.element] : [];
  });
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
        : undefined,
    input,
  );
}

function dotted(path: Path): string {
  if (path.length === 0) return 'the input';
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

function shown(value: unknown): string {
  const text = withoutSecrets(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
