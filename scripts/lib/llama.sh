# shellcheck shell=bash
# How llama.cpp is built for this machine: CMake settings as NAME=VALUE lines.

# cpu_settings CPUINFO BUILD: BUILD is `tuned` (what the CPU has) or `portable` (AVX2 and nothing newer).
# AMX is never used: llama_decode crashes with it. AVX-512 needs the five parts that llama.cpp compiles for.
cpu_settings() {
    local flags name
    flags=" $(sed -n 's/^flags[[:space:]]*://p' "$1" | head -n 1) "
    for name in avx avx2 fma f16c bmi2; do
        printf 'GGML_%s=%s\n' "${name^^}" "$([[ $flags == *" $name "* ]] && echo ON || echo OFF)"
    done
    [[ $2 == tuned ]] || return 0
    for name in avx512f avx512cd avx512bw avx512dq avx512vl; do
        [[ $flags == *" $name "* ]] || return 0
    done
    printf 'GGML_AVX512=ON\n'
    [[ $flags != *" avx512vbmi "* ]] || printf 'GGML_AVX512_VBMI=ON\n'
    [[ $flags != *" avx512_vnni "* ]] || printf 'GGML_AVX512_VNNI=ON\n'
    [[ $flags != *" avx512_bf16 "* ]] || printf 'GGML_AVX512_BF16=ON\n'
}

# CUDA, for the cards in this machine only, when there is a compiler for it and the driver answers.
cuda_settings() {
    local compiler capabilities
    compiler=$(command -v nvcc || command -v /usr/local/cuda/bin/nvcc) || return 0
    capabilities=$(timeout 10 nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null) || return 0
    [[ $capabilities =~ ^[0-9] ]] || return 0
    printf 'GGML_CUDA=ON\nCMAKE_CUDA_COMPILER=%s\n' "$compiler"
    printf 'CMAKE_CUDA_ARCHITECTURES=%s\n' "$(tr -d . <<<"$capabilities" | sort -u | paste -sd ';')"
}

llama_settings() {
    cpu_settings "$1" "$2"
    [[ $2 != tuned ]] || cuda_settings
}
