"""A Llama of transformers written as a GGUF file: python write_gguf.py FOLDER FILE."""

import json
import sys
from pathlib import Path
from typing import Any

import gguf
from safetensors.numpy import load_file

HEADS = ("attn_q", "attn_k")


def main(folder: Path, file: Path) -> None:
    """Write the model in *folder* with its tokenizer and chat template to *file*, in float32."""
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(file, "llama")
    _sizes(writer, config)
    _vocabulary(writer, json.loads((folder / "tokenizer.json").read_text()), config)
    writer.add_chat_template((folder / "chat_template.jinja").read_text())
    layers = config["num_hidden_layers"]
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, layers)
    for name, tensor in load_file(folder / "model.safetensors").items():
        ours = names.get_name(name, try_suffixes=(".weight",))
        assert ours is not None, name
        if any(part in ours for part in HEADS):
            heads = config["num_attention_heads" if "attn_q" in ours else "num_key_value_heads"]
            tensor = _paired(tensor, heads)
        writer.add_tensor(ours, tensor.astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _sizes(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _vocabulary(writer: gguf.GGUFWriter, tokenizer: dict[str, Any], config: dict[str, Any]) -> None:
    special = {one["content"] for one in tokenizer["added_tokens"]}
    tokens = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].__getitem__)
    kinds = gguf.TokenType
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.CONTROL if one in special else kinds.NORMAL for one in tokens])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(True)


def _paired(tensor: Any, heads: int) -> Any:
    """Return *tensor* with each head's halves interleaved, as llama.cpp rotates them."""
    shape = tensor.shape
    halves = tensor.reshape(heads, 2, shape[0] // heads // 2, *shape[1:])
    return halves.swapaxes(1, 2).reshape(shape)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
