// The bytes of MNV4_DEFAULT_MODEL_FILE as read-only data, mapped from the program's file.
  .section .rodata
  .balign 64
  .globl mnv4_default_model_begin
  .hidden mnv4_default_model_begin
mnv4_default_model_begin:
  .incbin MNV4_DEFAULT_MODEL_FILE
  .globl mnv4_default_model_end
  .hidden mnv4_default_model_end
mnv4_default_model_end:
  .section .note.GNU-stack, "", %progbits
