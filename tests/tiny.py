"""Tiny models with random weights, their own tokenizer and chat template, made in a moment."""

from pathlib import Path
from typing import Any

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}"
)
"""ChatML with a BOS before it; an empty thought where thinking is switched off."""

SPECIAL = ("<s>", "<|im_start|>", "<|im_end|>", "<pad>")

_SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 4096,
    "initializer_range": 0.2,
}
_SLIDING = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 64}

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "LlamaConfig": {},
    "Qwen3Config": {},
    "Qwen3_5TextConfig": {"layer_types": ["linear_attention", "full_attention"]},
    "Lfm2Config": {"layer_types": ["conv", "full_attention"]},
    "Gemma3TextConfig": _SLIDING,
    "Gemma4TextConfig": {**_SLIDING, "hidden_size_per_layer_input": 8},
    "Exaone4Config": _SLIDING,
}
"""Settings beside the sizes that each architecture needs to be this small."""


def a_tokenizer(template: str | None = TEMPLATE) -> Any:
    """Return a byte-level tokenizer that knows every character and some marks as single tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["ls -la", "cat notes.txt", "keystrokes commands"], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="<|im_end|>", pad_token="<pad>"
    )
    fast.chat_template = template
    return fast


def a_model(
    folder: Path,
    architecture: str = "LlamaConfig",
    *,
    template: str | None = TEMPLATE,
    seed: int = 0,
    **settings: Any,
) -> Path:
    """Save a model of *architecture* with its tokenizer into *folder*, and return that."""
    import torch
    import transformers

    tokenizer = a_tokenizer(template)
    kind = getattr(transformers, architecture)
    config = kind(
        **{
            **_SIZES,
            "vocab_size": len(tokenizer),
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            **ARCHITECTURES[architecture],
            **settings,
        }
    )
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def a_model_that_sees(folder: Path) -> Path:
    """Save a model of images and texts, which no loader for texts alone knows, into *folder*."""
    import torch
    import transformers

    tokenizer = a_tokenizer()
    words = transformers.MistralConfig(
        **_SIZES, vocab_size=len(tokenizer), bos_token_id=0, eos_token_id=tokenizer.eos_token_id
    )
    eyes = transformers.PixtralVisionConfig(
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )
    config = transformers.Mistral3Config(
        text_config=words.to_dict(), vision_config=eyes.to_dict(), image_token_index=5
    )
    torch.manual_seed(0)
    model = transformers.AutoModelForImageTextToText.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def an_adapter(
    folder: Path, base: Path, *, seed: int, template: str | None = None, rank: int = 4
) -> Path:
    """Save a LoRA adapter over the model in *base* into *folder*, and return that."""
    import peft
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=rank, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM"
    )
    peft.get_peft_model(model, config).save_pretrained(str(folder))
    if template is not None:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


def some_adapters(folder: Path, like: Path, count: int) -> list[Path]:
    """Save *count* checkpoints of one training into *folder*, each with weights of its own.

    They are made of the adapter in *like* without loading a model.
    """
    import shutil

    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(like / "adapter_model.safetensors")
    made = []
    for number in range(1, count + 1):
        checkpoint = shutil.copytree(like, folder / f"checkpoint-{number}")
        torch.manual_seed(number)
        other = {name: torch.randn_like(tensor) / 4 for name, tensor in weights.items()}
        save_file(other, checkpoint / "adapter_model.safetensors", {"format": "pt"})
        made.append(checkpoint)
    return made


def cut(adapter: Path, share: float = 0.5) -> Path:
    """Leave the first *share* of the weights in *adapter*, as a copy that broke off does."""
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[: int(weights.stat().st_size * share)])
    return adapter
