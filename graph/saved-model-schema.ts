/**
 * The part of TensorFlow's protobuf schema that a SavedModel without checkpoint files needs, with the
 * field numbers of tensorflow/core/{framework,protobuf}/*.proto (2.21), and its types.
 */
import protobuf from 'protobufjs';

const SCHEMA = `
syntax = "proto3";
message TensorShapeProto { message Dim { int64 size = 1; } repeated Dim dim = 2; }
message TensorProto {
  int32 dtype = 1; TensorShapeProto tensor_shape = 2; bytes tensor_content = 4; repeated bytes string_val = 8;
}
message AttrValue {
  message ListValue {
    repeated bytes s = 2; repeated int64 i = 3; repeated float f = 4; repeated bool b = 5; repeated int32 type = 6;
  }
  oneof value {
    ListValue list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6;
    TensorShapeProto shape = 7; TensorProto tensor = 8;
  }
}
message NodeDef {
  string name = 1; string op = 2; repeated string input = 3; string device = 4; map<string, AttrValue> attr = 5;
}
message VersionDef { int32 producer = 1; }
message GraphDef { repeated NodeDef node = 1; VersionDef versions = 4; }
message TensorInfo { string name = 1; int32 dtype = 2; TensorShapeProto tensor_shape = 3; }
message SignatureDef { map<string, TensorInfo> inputs = 1; map<string, TensorInfo> outputs = 2; string method_name = 3; }
message MetaInfoDef { repeated string tags = 4; string tensorflow_version = 5; }
message MetaGraphDef { MetaInfoDef meta_info_def = 1; GraphDef graph_def = 2; map<string, SignatureDef> signature_def = 5; }
message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2; }
`;

export interface TensorShapeProto {
  readonly dim: readonly { readonly size: number }[];
}

export interface TensorProto {
  readonly dtype: number;
  readonly tensor_shape: TensorShapeProto;
  readonly tensor_content?: Uint8Array;
  readonly string_val?: readonly Uint8Array[];
}

/** Exactly one field is set. */
export interface AttrValue {
  readonly s?: Uint8Array;
  readonly i?: number;
  readonly f?: number;
  readonly b?: boolean;
  readonly type?: number;
  readonly shape?: TensorShapeProto;
  readonly tensor?: TensorProto;
  readonly list?: {
    readonly s?: readonly Uint8Array[];
    readonly i?: readonly number[];
    readonly f?: readonly number[];
    readonly b?: readonly boolean[];
    readonly type?: readonly number[];
  };
}

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:1`, or `^node` for a node that must only run before. */
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}

export interface SignatureTensor {
  readonly name: string;
  readonly dtype: number;
  readonly tensor_shape: TensorShapeProto;
}

export interface SignatureDef {
  readonly inputs: Readonly<Record<string, SignatureTensor>>;
  readonly outputs: Readonly<Record<string, SignatureTensor>>;
  readonly method_name: string;
}

/** One graph, tagged `serve`, with its signatures. */
export interface SavedModel {
  readonly nodes: readonly NodeDef[];
  readonly signatures: Readonly<Record<string, SignatureDef>>;
  readonly tensorflowVersion: string;
}

/** GraphDef version of TensorFlow 2.21's era; older loaders take it as well. */
const GRAPH_PRODUCER = 1882;

const savedModelType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('SavedModel');

/** The bytes of `saved_model.pb`. */
export function encodeSavedModel(model: SavedModel): Uint8Array {
  const message = {
    saved_model_schema_version: 1,
    meta_graphs: [
      {
        meta_info_def: { tags: ['serve'], tensorflow_version: model.tensorflowVersion },
        graph_def: { node: model.nodes, versions: { producer: GRAPH_PRODUCER } },
        signature_def: model.signatures,
      },
    ],
  };
  return savedModelType.encode(message).finish();
}
