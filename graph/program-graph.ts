/**
 * Lowers several traced functions that share variables to one graph with state: each variable is a
 * resource of the session, read and assigned by nodes of its own.
 *
 * ```
 * variables/v0_w            VarHandleOp          train/x           Placeholder
 * variables/v0_w/read       ReadVariableOp       train/outputs/y   Identity
 * variables/v0_w/value      Placeholder          train/updates/w   AssignVariableOp
 * variables/v0_w/assign     AssignVariableOp     train/done        after all of train's updates
 * variables/v0_w/written    after the assign     initialised       after all assigns
 * ```
 *
 * Updates by momentum change their two variables in place (momentum-updates.ts).
 *
 * With a guard, the new values come through `Switch`: where the guard is false they are dead, and with
 * them the assigns, at no cost; `Merge` brings `done` back to life.
 */
import type { FunctionGraph, ValueRef, ValueType } from './graph.ts';
import { outputTypes } from './graph.ts';
import { lateRoots } from './late-roots.ts';
import {
  constantNode,
  identityNode,
  lowerNodes,
  placeholderNode,
  tensorName,
  typedShape,
} from './lower.ts';
import { momentumUpdates } from './momentum-updates.ts';
import type { NodeDef } from './saved-model-schema.ts';
import { dtypeNumber } from './tensorflow.ts';
import { GraphError } from './errors.ts';

/** Fetched when everything that `variables/…/assign` nodes do is to be done. */
export const INITIALISED = 'initialised';

export interface ProgramVariable {
  readonly name: string;
  readonly type: ValueType;
  /** The node that names the resource. */
  readonly node: string;
}

const BOOL: ValueType = { dtype: 'bool', shape: [] };
const TRUE = Uint8Array.of(1);

/** Where the nodes of the `index`th variable stand. */
export function programVariable(name: string, type: ValueType, index: number): ProgramVariable {
  return { name, type, node: `variables/v${index}_${name.replace(/[^A-Za-z0-9_]/g, '_')}` };
}

export function programNodes(
  functions: Readonly<Record<string, FunctionGraph>>,
  variables: readonly ProgramVariable[],
): readonly NodeDef[] {
  return [
    constantNode('true', BOOL, TRUE),
    ...variables.flatMap(stateNodes),
    ...afterNode(
      INITIALISED,
      variables.map(({ node }) => `${node}/assign`),
    ),
    ...Object.entries(functions).flatMap(([name, graph]) => functionNodes(name, graph, variables)),
  ];
}

function stateNodes({ name, type, node }: ProgramVariable): readonly NodeDef[] {
  const sharedName = { shared_name: { s: Buffer.from(name) } };
  return [
    { name: node, op: 'VarHandleOp', input: [], attr: { ...typedShape(type), ...sharedName } },
    readNode(`${node}/read`, node, type),
    placeholderNode(`${node}/value`, type),
    assignNode(`${node}/assign`, node, type, `${node}/value`, []),
    ...afterNode(`${node}/written`, [`${node}/assign`]),
  ];
}

function functionNodes(
  functionName: string,
  graph: FunctionGraph,
  variables: readonly ProgramVariable[],
): readonly NodeDef[] {
  const prefix = `${functionName}/`;
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  const resource = (name: string): ProgramVariable => {
    const variable = byName.get(name);
    if (variable === undefined) throw new GraphError(`no variable "${name}" is declared`, { name });
    return variable;
  };
  const guard = graph.guard === undefined ? undefined : prefix + tensorName(graph.guard);
  // The old values must have been read before they are replaced.
  const readsOf = (names: readonly string[]) =>
    graph.nodes
      .filter((reader) => reader.kind === 'variable' && names.includes(reader.variable))
      .map((reader) => prefix + reader.name);
  const guarded = (assign: string, type: ValueType, ref: ValueRef) => {
    const value = prefix + tensorName(ref);
    return guard === undefined
      ? { value, nodes: [] }
      : {
          value: `${assign}/switch:1`,
          nodes: [switchNode(`${assign}/switch`, type, value, guard)],
        };
  };
  const byMomentum = momentumUpdates(graph);
  const done = new Set(byMomentum.flatMap(({ weight, velocity }) => [weight, velocity]));
  const updates = [
    ...Object.entries(graph.updates)
      .filter(([name]) => !done.has(name))
      .map(([name, ref], index) => {
        const { node, type } = resource(name);
        const assign = `${prefix}updates/u${index}`;
        const { value, nodes } = guarded(assign, type, ref);
        return {
          assign,
          nodes: [...nodes, assignNode(assign, node, type, value, readsOf([name]))],
        };
      }),
    ...byMomentum.map(({ weight, velocity, gradient, rate, momentum }, index) => {
      const { node, type } = resource(weight);
      const assign = `${prefix}updates/m${index}`;
      const { value, nodes } = guarded(assign, type, gradient);
      const [lr, factor] = [rate, momentum].map((ref) => prefix + tensorName(ref));
      const after = readsOf([weight, velocity]).map((name) => `^${name}`);
      const input = [node, resource(velocity).node, lr, value, factor, ...after] as string[];
      return { assign, nodes: [...nodes, { ...momentumNode(assign, type), input }] };
    }),
  ];
  const assigns = updates.map(({ assign }) => assign);
  return [
    ...lowerNodes(graph, {
      prefix,
      waiting: lateRoots(graph),
      lowerVariable: ({ variable, type }, name) => [readNode(name, resource(variable).node, type)],
    }),
    ...outputNodes(prefix, graph),
    ...updates.flatMap(({ nodes }) => nodes),
    ...(guard === undefined
      ? afterNode(`${prefix}done`, assigns)
      : afterGuardedNodes(`${prefix}done`, guard, assigns)),
  ];
}

/** Stable names for what the function returns: `outputs/NAME`, under `prefix`. */
export function outputNodes(prefix: string, graph: FunctionGraph): readonly NodeDef[] {
  return Object.entries(graph.outputs).map(([name, ref]) =>
    identityNode(`${prefix}outputs/${name}`, outputType(graph, name), prefix + tensorName(ref)),
  );
}

/** The type of the output called `name`. */
export function outputType({ nodes, outputs }: FunctionGraph, name: string): ValueType {
  const ref = outputs[name];
  const node = nodes.find((candidate) => candidate.name === ref?.node);
  const type = node === undefined ? undefined : outputTypes(node)[ref?.output ?? 0];
  if (type === undefined) throw new GraphError(`the function has no output "${name}"`, { name });
  return type;
}

function readNode(name: string, resource: string, { dtype }: ValueType): NodeDef {
  return {
    name,
    op: 'ReadVariableOp',
    input: [resource],
    attr: { dtype: { type: dtypeNumber(dtype) } },
  };
}

function assignNode(
  name: string,
  resource: string,
  { dtype }: ValueType,
  value: string,
  after: readonly string[],
): NodeDef {
  return {
    name,
    op: 'AssignVariableOp',
    input: [resource, value, ...after.map((node) => `^${node}`)],
    attr: { dtype: { type: dtypeNumber(dtype) } },
  };
}

function momentumNode(name: string, { dtype }: ValueType): Omit<NodeDef, 'input'> {
  const attr = {
    T: { type: dtypeNumber(dtype) },
    use_locking: { b: false },
    use_nesterov: { b: false },
  };
  return { name, op: 'ResourceApplyKerasMomentum', attr };
}

/** Output 0 is alive where the guard is false, output 1 where it is true. */
function switchNode(name: string, { dtype }: ValueType, value: string, guard: string): NodeDef {
  return { name, op: 'Switch', input: [value, guard], attr: { T: { type: dtypeNumber(dtype) } } };
}

function afterGuardedNodes(
  name: string,
  guard: string,
  nodes: readonly string[],
): readonly NodeDef[] {
  const [branches, applied] = [`${name}/switch`, `${name}/applied`];
  return [
    switchNode(branches, BOOL, 'true', guard),
    identityNode(applied, BOOL, `${branches}:1`, nodes),
    {
      name,
      op: 'Merge',
      input: [branches, applied],
      attr: { T: { type: dtypeNumber('bool') }, N: { i: 2 } },
    },
  ];
}

/** A session fetches values only: a `true` that comes when `nodes` have run. None for no nodes. */
function afterNode(name: string, nodes: readonly string[]): readonly NodeDef[] {
  return nodes.length === 0 ? [] : [identityNode(name, BOOL, 'true', nodes)];
}
