/**
 * Structures a graph of blocks into WebAssembly's nested blocks and loops. Strongly connected components become loops;
 * the components are sorted topologically, so that a forward jump leaves a block and a backward jump goes to the start
 * of a loop. A loop with several entries begins with a dispatch on `choice`.
 */
import type { Body, Label } from '../wasm/module.ts';

/** A control-flow graph. */
export interface Graph<Node> {
  nodes: readonly Node[];
  /** Where control goes from a node within the graph. */
  successors: ReadonlyMap<Node, readonly Node[]>;
  /** Where control enters: every node is reachable from these. */
  entries: readonly Node[];
}

/** Emits a node's code; every path through it leaves the function or ends with `go` to one of the node's successors. */
export type EmitNode<Node> = (node: Node, go: (to: Node) => void) => void;

/** Emits the graph. The value of the local `choice` (i32) is the index in `entries` of the entry to begin with. */
export function emitGraph<Node>(body: Body, graph: Graph<Node>, choice: number, emit: EmitNode<Node>): void {
  new Structure(body, graph, choice, emit).part(graph.nodes, new Set(), graph.entries);
}

/** Up to this many nodes are dispatched by comparison instead of a jump table. */
const CHAIN = 3;

class Structure<Node> {
  /** How a node is reached from the code being emitted: by a branch, before which `choice` may have to be set. */
  private readonly ways = new Map<Node, { label: Label; isChosen: boolean }>();
  /** The values of `choice`. */
  private readonly numbers = new Map<Node, number>();

  constructor(
    private readonly body: Body,
    private readonly graph: Graph<Node>,
    private readonly choice: number,
    private readonly emitNode: EmitNode<Node>,
  ) {
    for (const entry of graph.entries) this.numberOf(entry);
  }

  private numberOf(node: Node): number {
    const number = this.numbers.get(node) ?? this.numbers.size;
    this.numbers.set(node, number);
    return number;
  }

  /**
   * Emits nodes that are entered at `entries`. No edge of the part goes to those in `closed`: they start the loop
   * around it.
   */
  part(nodes: readonly Node[], closed: ReadonlySet<Node>, entries: readonly Node[]): void {
    const { body } = this;
    const open = new Set(nodes);
    for (const node of closed) open.delete(node);
    const within = new Map(
      nodes.map((node) => [node, this.graph.successors.get(node)!.filter((to) => open.has(to))]),
    );
    const successors = (node: Node) => within.get(node)!;
    const components = inOrder(entries, successors);
    const componentOf = new Map<Node, number>();
    components.forEach((component, index) => {
      for (const node of component) componentOf.set(node, index);
    });
    const headers = components.map(() => new Set<Node>());
    for (const entry of entries) headers[componentOf.get(entry)!]!.add(entry);
    for (const node of componentOf.keys())
      for (const to of successors(node))
        if (componentOf.get(to) !== componentOf.get(node)) headers[componentOf.get(to)!]!.add(to);
    const labels: Label[] = [];
    // The code of each component follows the block that a branch to it leaves.
    const upTo = (index: number): void => {
      if (index < 0) {
        this.choose(entries, (entry) => labels[componentOf.get(entry)!]!);
        return;
      }
      const starts = [...headers[index]!];
      body.block((label) => {
        labels[index] = label;
        for (const node of starts)
          if (!closed.has(node)) this.ways.set(node, { label, isChosen: starts.length > 1 });
        upTo(index - 1);
      });
      this.component(components[index]!, starts, successors);
    };
    upTo(components.length - 1);
  }

  private component(
    nodes: readonly Node[],
    headers: readonly Node[],
    successors: (node: Node) => readonly Node[],
  ): void {
    const [first] = nodes;
    if (nodes.length === 1 && !successors(first!).includes(first!)) {
      this.emitNode(first!, (to) => this.go(to));
      return;
    }
    this.body.loop((label) => {
      for (const node of headers) this.ways.set(node, { label, isChosen: headers.length > 1 });
      this.part(nodes, new Set(headers), headers);
    });
  }

  private go(to: Node): void {
    const { label, isChosen } = this.ways.get(to)!;
    if (isChosen) this.body.i32(this.numberOf(to)).set(this.choice);
    this.body.br(label);
  }

  /** With one entry there is no choice: it comes first. */
  private choose(entries: readonly Node[], labelOf: (entry: Node) => Label): void {
    const { body, choice } = this;
    const last = labelOf(entries.at(-1)!);
    if (entries.length <= CHAIN) {
      for (const entry of entries.slice(0, -1))
        body.get(choice).i32(this.numberOf(entry)).op('i32.eq').brIf(labelOf(entry));
      if (entries.length > 1) body.br(last);
      return;
    }
    const table: Label[] = [];
    for (const entry of entries) table[this.numberOf(entry)] = labelOf(entry);
    body.get(choice).brTable(
      Array.from(table, (label) => label ?? last),
      last,
    );
  }
}

/**
 * The strongly connected components that are reachable from `roots`, in topological order (Tarjan, "Depth-First Search
 * and Linear Graph Algorithms", 1972).
 */
function inOrder<Node>(roots: readonly Node[], successors: (node: Node) => readonly Node[]): Node[][] {
  const found: Node[][] = [];
  const index = new Map<Node, number>();
  const low = new Map<Node, number>();
  const stack: Node[] = [];
  const onStack = new Set<Node>();
  const visit = (node: Node): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    onStack.add(node);
    for (const to of successors(node)) {
      if (!index.has(to)) {
        visit(to);
        low.set(node, Math.min(low.get(node)!, low.get(to)!));
      } else if (onStack.has(to)) low.set(node, Math.min(low.get(node)!, index.get(to)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const component: Node[] = [];
    for (let member: Node | undefined; member !== node; ) {
      member = stack.pop()!;
      onStack.delete(member);
      component.push(member);
    }
    found.push(component.reverse());
  };
  for (const root of [...roots].reverse()) if (!index.has(root)) visit(root);
  return found.reverse();
}
