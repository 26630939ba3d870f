"""Makes a tiny language model with random weights and serves it with `transformers serve`'s own server.

`python -m tests.llm.tiny_server FOLDER` prints the port once it listens. Its replies are nonsense; what is
real is the protocol: another program's server, tokens one by one, its own errors.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

CHAT_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


def make(folder: Path) -> None:
    """A byte-level Llama of one layer, its tokenizer and its chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["标准化 standard"], trainer)
    marks = {"bos_token": "<s>", "eos_token": "</s>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks)  # type: ignore[no-untyped-call]
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=65_536,
        bos_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def main(folder: Path) -> None:
    """Serve the model at `folder` on a free port of loopback until killed."""
    from transformers.cli.serve import Serve

    make(folder)
    serving = Serve(host="127.0.0.1", port=0, device="cpu", log_level="error", non_blocking=True)
    # A device map would need the package accelerate; a model on the processor needs none.
    vars(serving._model_manager)["device"] = None
    while not serving.server.started:
        time.sleep(0.05)
    print(serving.server.servers[0].sockets[0].getsockname()[1], flush=True)  # noqa: T201 - read by the test
    serving._thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
